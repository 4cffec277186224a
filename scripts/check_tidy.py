#!/usr/bin/env python3
"""Runs clang-tidy on the groups in which a unity build compiles the sources of src/.

  scripts/check_tidy.py [--jobs N] BUILD

BUILD is a folder that CMake configured with CMAKE_UNITY_BUILD=ON. Most of clang-tidy's time goes into the headers that the
sources share, so that a group takes about as long as three of its sources one by one. But clang's analyzer looks only at
what stands in the main file, not at what that includes: so each group's sources are put into one file, in BUILD/joined,
and what is reported there is told of the source it came from.

Prints what clang-tidy reports; status 0 if that is nothing.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

REPO = pathlib.Path(__file__).resolve().parent.parent
INCLUDED_SOURCE = re.compile(r'^#include "(.*\.cpp)"$', re.MULTILINE)
ONCE = re.compile(r"^(#include .*|namespace \w+ = .*;)$", re.MULTILINE)


class Group:
    """Sources that one file holds, each from a line on."""

    def __init__(self, path):
        self.path, self.starts, self.text, self.line = path, [], "", 1

    def add(self, source, text):
        """A header is included once and an alias declared once: clang-tidy would report what comes again."""
        text = ONCE.sub(lambda m: "" if m[0] + "\n" in self.text else m[0], text)
        self.starts.append((self.line, source))
        self.text += text if text.endswith("\n") else text + "\n"
        self.line = self.text.count("\n") + 1

    def place(self, line):
        """
        >>> group = Group("joined.cpp")
        >>> group.add("a.cpp", "#include <map>\\nint a;\\n")
        >>> group.add("b.cpp", "#include <map>\\nint b;")
        >>> group.text.splitlines()
        ['#include <map>', 'int a;', '', 'int b;']
        >>> group.place(2), group.place(3), group.place(4)
        ('a.cpp:2', 'b.cpp:1', 'b.cpp:2')
        """
        start, source = [entry for entry in self.starts if entry[0] <= line][-1]
        return f"{source}:{line - start + 1}"

    def told(self, report):
        """A report with the places of the sources instead of the group's."""
        return re.sub(re.escape(str(self.path)) + r":(\d+)", lambda m: self.place(int(m[1])), report)


def groups_of(build):
    """Each group with the command that compiles it."""
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        file = pathlib.Path(entry["file"])
        sources = [file] if file.suffix == ".cpp" else map(pathlib.Path, INCLUDED_SOURCE.findall(file.read_text(encoding="utf-8")))
        sources = [source for source in sources if source.is_relative_to(REPO / "src")]
        if not sources:
            continue
        target = re.search(r"CMakeFiles/(\w+)\.dir", entry["command"])[1]
        group = Group(build / "joined" / f"{target}-{file.stem}.cpp")
        for source in sources:
            group.add(source, source.read_text(encoding="utf-8"))
        command = [str(group.path) if word == str(file) else word for word in shlex.split(entry["command"])]
        yield group, command, entry["directory"]


def tidy(group, command, directory):
    group.path.write_text(group.text, encoding="utf-8")
    result = subprocess.run(["clang-tidy-14", "--quiet", f"--config-file={REPO / '.clang-tidy'}", str(group.path), "--", *command[1:]],
                            cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    # What it says of the number of warnings it suppressed in system headers is on stderr, and so is why it broke down.
    return group.told(result.stdout + ("" if result.returncode == 0 else result.stderr)), result.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time (default: one a processor)")
    parser.add_argument("build", type=pathlib.Path)
    options = parser.parse_args()
    build = options.build.resolve()
    (build / "joined").mkdir(exist_ok=True)

    groups = sorted(groups_of(build), key=lambda entry: -entry[0].line)
    seen = [source for group, *_ in groups for _, source in group.starts]
    unseen = set((REPO / "src").rglob("*.cpp")) - set(seen)
    for source in sorted(unseen):
        print(f"{source}: no command in {build}/compile_commands.json compiles it")
    failed = bool(unseen)
    with ThreadPoolExecutor(options.jobs) as pool:
        for report, status in pool.map(lambda entry: tidy(*entry), groups):
            print(report, end="", flush=True)
            failed = failed or status != 0
    print(f"clang-tidy read {len(seen)} sources in {len(groups)} groups")
    return 1 if failed or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
