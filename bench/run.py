"""The measurements of bench/run.sh, which sets the stage; see there."""
import argparse
import doctest
import json
import os
import pathlib
import subprocess
import sys
import traceback

import bars
import curves
import end_to_end
import micro
import report
from testbed import HERE, Failed, Testbed, machine, say

PARTS = ("end_to_end", "micro", "curves")


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
    options.part = options.part or list(PARTS)
    return options


def measure(bed, options, sizes):
    """Results of each part by contestant, and the broken parts."""
    results, broken, entries = {}, {}, None
    for part in options.part:
        try:
            if part == "end_to_end":
                tree = end_to_end.Tree(bed, options.tree, options.probe)
                entries = tree.entries
                results[part] = end_to_end.measure(tree, options.rounds, options.short)
            elif part == "micro":
                results[part] = micro.measure_micro(bed, options.rounds)
            else:
                results[part] = curves.measure_curves(bed, sizes, options.rounds)
        except (Failed, SystemExit, subprocess.CalledProcessError) as why:  # bench/feed.py ends by SystemExit
            broken[part] = str(why)
            say(f"{part} broke: {why}")
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


def main():
    for module in (bars, micro):
        if doctest.testmod(module).failed:
            return 4
    options = parse()
    sizes = [10_000, 100_000, 1_000_000] + ([] if options.short else [10_000_000])
    facts = machine(options.build_type)
    bed = Testbed(options.programs)
    try:
        results, broken, entries = measure(bed, options, sizes)
    finally:
        bed.remove()
    series = {name: [report.cost(run) for run in runs] for part in results.values() for name, runs in part.items()}
    judged = bars.judge([bar for bar in bars.all_bars(sizes[-1]) if bar.part in options.part], series)
    print("\n".join(tables(options, facts, results, judged, entries)))

    written = {"machine": facts, "short": options.short, "rounds": options.rounds, "tree": options.tree, "entries": entries,
               "sizes": sizes, "bars": judged, "broken": broken} | results
    figures, drawn = options.output.with_suffix(".json"), options.output.with_suffix(".svg")
    figures.write_text(json.dumps(written, indent=1), encoding="utf-8")
    # In a process of its own: a contestant's peak of memory is at least what this one had when it was started.
    subprocess.run([sys.executable, HERE / "picture.py", figures, drawn], check=True)
    print(f"\nAll of it: {os.path.relpath(figures)}, {os.path.relpath(drawn)}")
    return 4 if broken else bars.exit_status(judged)


if __name__ == "__main__":
    try:
        STATUS = main()
    except Exception:  # Python would end with 1, which says that a bar is missed
        traceback.print_exc()
        STATUS = 4
    sys.exit(STATUS)
