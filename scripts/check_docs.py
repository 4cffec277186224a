#!/usr/bin/env python3
"""Checks that the pages still tell the truth where that can be told by looking.

folders   docs/architecture.md, table "Folders": which folder of src/ may include which; and who may include what of
          other libraries (LIBRARIES below). The table must name every folder, and may have no cycle in it.
cycles    no component of src/ includes itself by way of others. A component is a header with its sources: x.cpp, and
          each x_y.cpp that has no header of its own.
links     relative links of all pages lead somewhere, anchors included; paths in backquotes exist.
tests     a test that docs/troubles.md, docs/faults.md or docs/tables.md names is there.
readme    README.zh-CN.md has the sections of README.md, in order, and the same commands and outputs.
version   CMakeLists.txt's has an entry in CHANGELOG.md, and is the one that docs/library.md asks for.

Prints a line for each finding; ends with 1 if there is any.

  scripts/check_docs.py             all of these, in this tree
  scripts/check_docs.py FOLDER      links alone, in the pages of FOLDER: those of an installed forebay, say
"""
import glob
import os
import re
import sys

INSTALLED = __name__ == "__main__" and len(sys.argv) > 1
if INSTALLED and (len(sys.argv) > 2 or not os.path.isfile(os.path.join(sys.argv[1], "README.md"))):
    print("scripts/check_docs.py [FOLDER]: FOLDER has to hold a README.md", file=sys.stderr)
    sys.exit(2)
REPO = os.path.abspath(sys.argv[1]) if INSTALLED else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# A header of another library, and the files that may include it.
LIBRARIES = [
    (r"sqlite3\.h$", r"src/sqlite/"),
    (r"pqxx/pqxx$", r"src/sink/postgres/pqxx\.hpp$"),
    (r"pqxx/version$", r"src/sink/postgres/client_versions\.cpp$"),
    (r"libpq-fe\.h$|libpq/", r"src/sink/postgres/"),
    (r"boost/asio", r"src/(base/timer\.cpp$|control/|cli/interrupt\.cpp$)"),
    (r"boost/", r"src/"),
    (r"spdlog/", r"src/(engine/options|cli/logging)\.cpp$"),
    (r"CLI/", r"src/cli/parser\.cpp$"),
    (r"xxhash\.h$", r"src/(base|journal|quarantine|buffer|checkpoint|sink)/"),
    (r"openssl/", r"src/base/"),
    (r"nlohmann/", r"src/"),
]
SYSTEM = re.compile(r"[a-z_0-9]+$|(sys|linux|arpa)/\w+\.h$|\w+\.h$")  # the standard library, the kernel's and libc's headers

findings = []


def find(place, what):
    findings.append(f"{place}: {what}")


def read(path):
    with open(os.path.join(REPO, path), encoding="utf-8") as file:
        return file.read()


def pages():
    names = glob.glob("*.md", root_dir=REPO) + glob.glob("docs/**/*.md", root_dir=REPO, recursive=True)
    return sorted(names)


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def folder_table():
    rows = re.findall(r"^\| `([\w/]+)/` \|.*\| ([^|]*) \|$", read("docs/architecture.md"), re.M)
    return {name: set(re.findall(r"`([\w/]+)/`", may)) for name, may in rows}


def cycles(includes):
    """Groups of names each of which leads back to itself by way of the others."""
    def reached_from(name):
        reached, ahead = set(), list(includes[name])
        while ahead:
            other = ahead.pop()
            if other in includes and other not in reached:
                reached.add(other)
                ahead += includes[other]
        return reached

    reached = {name: reached_from(name) for name in includes}
    return sorted({tuple(sorted(other for other in reached[name] if name in reached[other]))
                   for name in includes if name in reached[name]})


def check_includes(path, allowed):
    """`allowed`: folders of src/ besides `forebay`, or None for a public header."""
    for bracket, name in INCLUDE.findall(read(path)):
        folder = os.path.dirname(name)
        if bracket == '"':
            if folder == "forebay" or (allowed is not None and folder in allowed):
                continue
            find(path, f'includes "{name}", which its folder may not (docs/architecture.md, Folders)')
            continue
        library = next((where for what, where in LIBRARIES if re.match(what, name)), None)
        if library is not None:
            if allowed is None or not re.match(library, path):
                find(path, f"includes <{name}>, which only {library} may")
        elif not SYSTEM.fullmatch(name):
            find(path, f"includes <{name}>: a new library? Say in scripts/check_docs.py who may include it")


def sources():
    return sorted(glob.glob("src/**/*.[ch]pp", root_dir=REPO, recursive=True))


def check_folders():
    table = folder_table()
    here = {os.path.dirname(path)[len("src/"):] for path in sources()}
    for name in sorted(here ^ table.keys()):
        find("docs/architecture.md", f"folder src/{name} is {'not in the table' if name in here else 'gone'}")
    for cycle in cycles(table):
        find("docs/architecture.md", f"the folders {', '.join(cycle)} include one another in a cycle")
    for path in sources():
        folder = os.path.dirname(path)[len("src/"):]
        check_includes(path, table.get(folder, set()) | {folder})
    for path in sorted(glob.glob("include/**/*.hpp", root_dir=REPO, recursive=True)):
        check_includes(path, None)


def check_cycles():
    headers = {path[: -len(".hpp")] for path in sources() if path.endswith(".hpp")}

    def component(path):
        stem = path[: -len(".cpp")]
        while stem not in headers and "_" in os.path.basename(stem):
            stem = stem.rpartition("_")[0]
        return stem if stem in headers else path[: -len(".cpp")]

    includes = {}
    for path in sources():
        others = includes.setdefault(component(path), set())
        others.update(f"src/{name}"[: -len(".hpp")] for bracket, name in INCLUDE.findall(read(path)) if bracket == '"')
        others.discard(component(path))
    for cycle in cycles(includes):
        find("src/", f"components include one another in a cycle: {', '.join(name[4:] for name in cycle)}")


def anchors(path):
    """As GitHub makes them of headings."""
    text = without_code(read(path))
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def check_links():
    for page in pages():
        text = without_code(read(page))
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text):
            if re.match(r"\w+:", target):
                continue
            path = os.path.normpath(os.path.join(os.path.dirname(page), target)) if target else page
            if not os.path.exists(os.path.join(REPO, path)):
                find(page, f"link to {target}, which does not exist")
            elif anchor and path.endswith(".md") and anchor not in anchors(path):
                find(page, f"link to {target}#{anchor}: no such heading")
        if INSTALLED:
            continue
        # Paths of the source tree, which an installed page may name: they are not links.
        for path in re.findall(r"`(?:\./)?((?:src|include|docs|scripts|sql|config|tests|bench|cmake)/[\w./*-]*)`", text):
            if not glob.glob(path, root_dir=REPO):
                find(page, f"names {path}, which does not exist")


def check_tests():
    there = set()
    for path in glob.glob("tests/**/*.cpp", root_dir=REPO, recursive=True):
        there.update(re.findall(r'(?:TEST_CASE|SINK_CONTRACT)\(\s*"((?:[^"\\]|\\.)*)"', read(path)))
    for page in ("docs/troubles.md", "docs/faults.md", "docs/tables.md"):
        # What was tried once and taught nothing has no test.
        kept, _, tried = read(page).partition("\n## Tried besides")
        for name in re.findall("“([^”]*)”", tried):
            if name not in there:
                find(page, f"names a test that is not there: {name}")
        rows = re.sub(r"^\|.*\|\n\|(?: --- \|)+$", "", kept, flags=re.M)  # without each table's head
        for row in re.findall(r"^\|.*\| ([^|]*) \|$", rows, re.M):
            named = re.findall("“([^”]*)”", row)
            if not named:
                find(page, f"a row names no test: {row[:60]}")
            for name in named:
                if name not in there:
                    find(page, f"names a test that is not there: {name}")


def check_readme():
    pair = ("README.md", "README.zh-CN.md")
    for what, pattern in (("headings", r"^(#+) "), ("code blocks", r"^```.*?^```$")):
        texts = [t if what == "code blocks" else without_code(t) for t in map(read, pair)]
        parts = [re.findall(pattern, t, re.M | re.S) for t in texts]
        if parts[0] != parts[1]:
            at = next((i for i, both in enumerate(zip(*parts)) if both[0] != both[1]), min(map(len, parts)))
            find(pair[1], f"its {what} are not those of {pair[0]}, from number {at + 1} on")


def check_version():
    version = re.search(r"^project\(forebay VERSION ([\d.]+)", read("CMakeLists.txt"), re.M).group(1)
    if not re.search(rf"^## (?:\[Unreleased\] )?{re.escape(version)}(?: |$)", read("CHANGELOG.md"), re.M):
        find("CHANGELOG.md", f"no entry for version {version} of CMakeLists.txt")
    for asked in re.findall(r"find_package\(forebay ([\d.]+)", read("docs/library.md")):
        if asked != version.rpartition(".")[0]:
            find("docs/library.md", f"asks for forebay {asked}, and CMakeLists.txt is {version}")


check_links()
if not INSTALLED:
    check_folders()
    check_cycles()
    check_tests()
    check_readme()
    check_version()
for line in findings:
    print(line)
sys.exit(1 if findings else 0)
