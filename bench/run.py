"""The measurements of bench/run.sh, which sets the stage; see there."""
import argparse
import doctest
import json
import os
import pathlib
import signal
import subprocess
import sys
import traceback

import bars
import curves
import end_to_end
import micro
import report
import testbed
from testbed import HERE, Failed, Testbed, machine, say

# In this order: what writes and deletes little first. A file system is busy with what was deleted for minutes after.
PARTS = ("micro", "end_to_end", "curves")


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--build-type", required=True)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("tree")
    options = parser.parse_args()
    options.part = [part for part in PARTS if part in (options.part or PARTS)]
    return options


def measure(bed, options, sizes):
    """Results of each part by contestant, and the broken parts, of which there is what came before."""
    results, broken, entries = {}, {}, None
    for part in options.part:
        found = results.setdefault(part, {})
        try:
            if part == "end_to_end":
                tree = end_to_end.Tree(bed, options.tree, options.probe)
                entries = tree.entries
                end_to_end.measure(tree, options.rounds, options.short, found)
            elif part == "micro":
                micro.measure_micro(bed, options.rounds, found)
            else:
                curves.measure_curves(bed, sizes, options.rounds, found)
        except (Failed, OSError) as why:
            broken[part] = str(why)
            say(f"{part} broke: {why}")
        if not found:
            del results[part]
    return results, broken, entries


def tables(options, facts, results, judged, entries):
    yield from report.facts(facts, options, entries)
    if "end_to_end" in results:
        yield ""
        yield from report.end_to_end_table(results["end_to_end"], options.tree, entries, options.rounds)
        yield ""
        yield from report.ways_table(results["end_to_end"])
    for part, table in (("micro", report.micro_table), ("curves", report.curves_table)):
        if part in results:
            yield ""
            yield from table(results[part])
    yield ""
    yield from report.bars_table(judged)


class Ended(BaseException):
    """By a signal; nothing on the way takes it for a failure."""


def end_by_signal(number, _):
    signal.signal(number, signal.SIG_IGN)  # once
    raise Ended(128 + number)


def main():
    for module in (bars, micro, testbed):
        if doctest.testmod(module).failed:
            return 4
    options = parse()
    for number in (signal.SIGTERM, signal.SIGHUP):  # so that what is under way ends, and its files go
        signal.signal(number, end_by_signal)
    sizes = [10_000, 100_000, 1_000_000] + ([] if options.short else [10_000_000])
    facts = machine(options.build_type)
    bed = Testbed(options.programs)
    try:
        results, broken, entries = measure(bed, options, sizes)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C is not to leave half of the files
        bed.remove()
        signal.signal(signal.SIGINT, signal.default_int_handler)
    series = {name: [report.cost(run) for run in runs] for part in results.values() for name, runs in part.items()}
    judged = bars.judge([bar for bar in bars.all_bars(sizes[-1]) if bar.part in options.part], series)
    print("\n".join(tables(options, facts, results, judged, entries)))

    written = {"machine": facts, "short": options.short, "rounds": options.rounds, "tree": options.tree, "entries": entries,
               "sizes": sizes, "bars": judged, "broken": broken} | results
    # What measures less has names of its own: the whole long run stays.
    name = "-".join(["run", *(["short"] if options.short else []),
                     *(options.part if len(options.part) < len(PARTS) else [])])
    figures, drawn = options.output / f"{name}.json", options.output / f"{name}.svg"
    figures.write_text(json.dumps(written, indent=1), encoding="utf-8")
    # In a process of its own: a contestant's peak of memory is at least what this one had when it was started.
    subprocess.run([sys.executable, HERE / "picture.py", figures, drawn], check=True)
    print(f"\nAll of it: {os.path.relpath(figures)}, {os.path.relpath(drawn)}")
    return 4 if broken else bars.exit_status(judged)


if __name__ == "__main__":
    try:
        STATUS = main()
    except (Ended, KeyboardInterrupt) as ended:
        STATUS = ended.args[0] if ended.args else 130
        say("Ended before all was measured; nothing is written.")
    except Exception:  # Python would end with 1, which says that a bar is missed
        traceback.print_exc()
        STATUS = 4
    sys.exit(STATUS)
