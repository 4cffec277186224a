#!/usr/bin/env python3
"""Runs a Catch2 (version 2) test program and tells passed, failed and skipped apart.

  scripts/run_tests.py [--filter SPEC] [--timeout SECONDS] [--queue FILE] [--counts FILE] PROGRAM

Catch2 2 has no word for "skipped": a case that cannot run warns "skipped: why" and returns. Here that case counts as
skipped, never as passed. A case that kills the program or hangs counts as failed, and the cases after it still run.
The last line is "N passed, N failed, N skipped", unless --counts takes them; status 0 only if something passed and
nothing failed.

Several of these may share the cases: the first --queue FILE with a new name fills it, and each takes from it until it is
empty. The cases that take longest (tag [long]) go first and one by one, the others in ever smaller handfuls, so that all
end at the same time without anybody knowing how long a case takes here.
"""
import argparse
import fcntl
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree


class Tally:
    def __init__(self):
        self.passed, self.failed, self.skipped, self.assertions, self.done = 0, 0, 0, 0, set()

    def passes(self, name, seconds):
        self.passed += 1
        self._say(f"passed  {seconds:7.2f} s  {name}")

    def fails(self, name, lines):
        self.failed += 1
        self._say(f"FAILED             {name}", *("                   " + line for line in lines))

    def skips(self, name, why):
        self.skipped += 1
        self._say(f"skipped            {name}: {why}")

    @staticmethod
    def _say(*lines):
        print(*lines, sep="\n", flush=True)


def one_line(element):
    return " ".join((element.text or "").split())


def failure_lines(case):
    """What a developer needs of a failed case: where, what was asked, what came."""
    lines = []
    for element in case.iter():
        where = f"{element.get('filename')}:{element.get('line')}: "
        if element.tag == "Expression" and element.get("success") == "false":
            lines.append(where + f"{element.get('type')}({one_line(element.find('Original'))})")
            lines.append("  with " + one_line(element.find("Expanded")))
            lines += ["  threw " + one_line(e) for e in element.findall("Exception")]
        elif element.tag in ("Failure", "FatalErrorCondition"):
            lines.append(where + (one_line(element) or element.tag))
        elif element.tag == "Exception" and not any(element in parent for parent in case.iter("Expression")):
            lines.append(where + "unexpected exception: " + one_line(element))
        elif element.tag in ("Info", "Warning"):
            lines.append("  note: " + one_line(element))
    return lines or ["no assertion says why"]


def judge(case, tally):
    name = case.get("name")
    tally.done.add(name)
    result = case.find("OverallResult")
    skips = [one_line(w)[len("skipped:"):].strip() for w in case.iter("Warning") if one_line(w).startswith("skipped:")]
    if result.get("success") != "true":
        tally.fails(name, failure_lines(case))
    elif skips:
        tally.skips(name, "; ".join(dict.fromkeys(skips)))
    else:
        tally.passes(name, float(result.get("durationInSeconds", 0)))


def quoted(name):
    """As Catch2's test specs want it: it takes a comma for an end even within quotes."""
    return re.sub(r'([\\,"])', r"\\\1", name)


def run_once(program, arguments, timeout, tally):
    """One run of the program, judged case by case as its report comes. Returns the case it died or hung in, and why."""
    child = subprocess.Popen([program, "-r", "xml", "-d", "yes", *arguments], stdout=subprocess.PIPE, start_new_session=True)
    parser = ElementTree.XMLPullParser(["start", "end"])
    running, since, why = None, time.monotonic(), None
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while True:
                if not selector.select(max(0.0, since + timeout - time.monotonic())):
                    why = f"no end after {timeout} s; killed"
                    break
                data = os.read(child.stdout.fileno(), 1 << 16)
                if not data:
                    break
                try:
                    parser.feed(data)
                    for event, element in parser.read_events():
                        if element.tag == "Group" and event == "end":
                            total = element.find("OverallResults")
                            tally.assertions += int(total.get("successes")) + int(total.get("failures"))
                        if element.tag != "TestCase":
                            continue
                        if event == "start":
                            running, since = element.get("name"), time.monotonic()
                        else:
                            judge(element, tally)
                            element.clear()
                            running, since = None, time.monotonic()
                except ElementTree.ParseError as error:
                    why = f"its report is not XML ({error}); does it write to stdout?"
                    break
    finally:
        # Hung, or we are interrupted ourselves. The group, because a case may have children of its own.
        if why or sys.exc_info()[0]:
            os.killpg(child.pid, signal.SIGKILL)
    status = child.wait()
    if not why and status < 0:
        why = f"killed by {signal.Signals(-status).name}"
    if not why and running:
        why = f"ended with status {status} within the case"
    if not why and status > 0 and tally.failed == 0:
        why = f"no case failed, but the program ended with status {status}"
    return running, why


def names_of(program, *spec):
    listing = subprocess.run([program, "--list-test-names-only", *spec], stdout=subprocess.PIPE, text=True, check=False)
    if listing.returncode < 0:  # else it is how many there are
        sys.exit(f"{program} cannot list its cases: killed by {signal.Signals(-listing.returncode).name}")
    return [line for line in listing.stdout.splitlines() if line]


def handful(waiting):
    """Takes cases off the lists in `waiting`.

    >>> waiting = {"long": ["a"], "rest": [str(n) for n in range(40)]}
    >>> handful(waiting), handful(waiting), len(waiting["rest"])
    (['a'], ['0', '1'], 38)
    """
    if waiting["long"]:
        return [waiting["long"].pop(0)]
    several = max(1, len(waiting["rest"]) // 20) if waiting["rest"] else 0
    taken, waiting["rest"] = waiting["rest"][:several], waiting["rest"][several:]
    return taken


def take_from_queue(path, fill):
    """The next cases; none when all are taken. `fill` finds them where the queue is new."""
    with open(path, "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        waiting = json.loads(text) if text else fill()
        taken = handful(waiting)
        file.truncate(0)
        json.dump(waiting, file)
    return taken


def run_all(program, names, timeout, tally):
    """Runs these cases, in as many runs of the program as it takes."""
    left = names
    while left:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as chosen:
            chosen.write("".join(f'"{quoted(name)}"\n' for name in left))
            chosen.flush()
            running, why = run_once(program, ["-f", chosen.name], timeout, tally)
        if running:
            tally.done.add(running)
            tally.fails(running, [why])
        before, left = left, [name for name in names if name not in tally.done]
        if left and len(left) == len(before):
            tally.fails("the test program", [why or "it ended well", f"without running {len(left)} cases, first: {left[0]}"])
            break
        # A signal that Catch2 itself caught was already put down to the case it came in.
        if why and not left and not tally.failed:
            tally.fails("the test program", [why])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="", help="Catch2 test spec: a name with *, or [tag]")
    parser.add_argument("--queue", help="file of the cases that are left, shared with others of these")
    parser.add_argument("--timeout", type=float, default=600, help="seconds that one case may take (default 600)")
    parser.add_argument("--counts", help="file to write the counts to, as JSON: passed, failed, skipped, assertions")
    parser.add_argument("program")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    def find_all():
        spec = [options.filter] if options.filter else []
        names = names_of(options.program, *spec)
        if "[." not in options.filter:  # Catch2 takes hidden ones where one of their other tags is named
            hidden = set(names_of(options.program, "[.]"))
            names = [name for name in names if name not in hidden]
        if not names:
            print("no test case" + (f" matches {options.filter}" if options.filter else " in the program"), flush=True)
        long = set(names_of(options.program, "[long]")) if options.queue else set()
        return {"long": [n for n in names if n in long], "rest": [n for n in names if n not in long]}

    tally = Tally()
    if options.queue:
        while names := take_from_queue(options.queue, find_all):
            run_all(options.program, names, options.timeout, tally)
    else:
        run_all(options.program, find_all()["rest"], options.timeout, tally)
    if options.counts:
        with open(options.counts, "w", encoding="utf-8") as file:
            json.dump([tally.passed, tally.failed, tally.skipped, tally.assertions], file)
    else:
        print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 0 if tally.passed and not tally.failed else 1


if __name__ == "__main__":
    sys.exit(main())
