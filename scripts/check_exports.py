#!/usr/bin/env python3
"""Checks that the library exports its public API, all of it, and nothing of its interior: a shared one, or an archive,
whose symbols would be those of a shared one.

The API is what include/forebay/*.hpp mark with FOREBAY_EXPORT: classes, with their members, and functions. What templates
of other libraries leave in ours is not looked at, nor what those of namespace std make of our types.

Prints a line for each finding; ends with 1 if there is any.

  scripts/check_exports.py LIBRARY

>>> header = '''
... class FOREBAY_EXPORT Buffer {
... struct Stream {
...   [[nodiscard]] FOREBAY_EXPORT std::size_t column_index(std::string_view column) const;
... };
... [[nodiscard]] FOREBAY_EXPORT std::string_view to_string(Reason reason) noexcept;
... '''
>>> api = exported_by(header)
>>> sorted(api[0]), sorted(api[1])
(['Buffer'], ['column_index', 'to_string'])
>>> findings(api, ["forebay::Buffer::stop()", "typeinfo for forebay::Buffer", "forebay::to_string[abi:cxx11](forebay::Reason)",
...                "forebay::Stream::column_index(char) const", "std::vector<int>::~vector()"])
[]
>>> findings(api, ["forebay::Buffer::stop()", "forebay::to_string(forebay::Reason)", "forebay::SegmentStore::take()",
...                "forebay::Buffer::SharedWriter::~SharedWriter()", "vtable for forebay::PostgresSink"])
... # doctest: +NORMALIZE_WHITESPACE
['exported, and no part of the API: forebay::Buffer::SharedWriter::~SharedWriter()',
 'exported, and no part of the API: forebay::SegmentStore::take()',
 'exported, and no part of the API: vtable for forebay::PostgresSink',
 'part of the API, and not exported: column_index']
"""
import glob
import os
import re
import subprocess
import sys

HEADERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "include/forebay/*.hpp")


def exported_by(text):
    text = re.sub(r"^\s*(#|//).*", "", text, flags=re.M)
    classes = set(re.findall(r"\b(?:class|struct) FOREBAY_EXPORT (\w+)", text))
    functions = set(re.findall(r"\bFOREBAY_EXPORT (?!\w+ [:{])[^;({]*?(\w+)\(", text))
    return classes, functions


def findings(api, symbols):
    classes, functions = api
    found, seen = [], set()
    for symbol in symbols:
        # The type of a callback (typeinfo for void (*)(forebay::LogLevel)) is nothing that could be called.
        if "forebay" not in symbol or re.match(r"typeinfo.* \(", symbol):
            continue
        name = re.sub(r"^(typeinfo( name)?|vtable|VTT) for |\[abi:\w+\]|\(.*", "", symbol)
        parts = name.split("::")
        whole = parts[0] == "forebay" and all(re.fullmatch(r"~?\w+|operator\W+", part) for part in parts)
        if whole and parts[1] in classes and len(parts) <= 3:
            seen.add(parts[1])
        elif whole and len(parts) <= 3 and parts[-1] in functions:
            seen.add(parts[-1])
        else:
            found.append(f"exported, and no part of the API: {symbol}")
    found += [f"part of the API, and not exported: {name}" for name in (classes | functions) - seen]
    return sorted(found)


def symbols_of(library):
    """What others may link to: defined, and of default visibility."""
    table = "--dyn-syms" if ".so" in os.path.basename(library) else "--symbols"
    listed = subprocess.run(["readelf", "--wide", table, library], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    names = {row[7] for row in rows if len(row) >= 8 and row[4] in ("GLOBAL", "WEAK", "UNIQUE") and
             row[5] in ("DEFAULT", "PROTECTED") and row[6] != "UND" and
             not row[7].startswith("__") and  # of sanitizers
             not re.match(r"_Z(T[IVST])?(N[rVK]*)?S[tabsiod]", row[7])}  # namespace std, over our types too
    filtered = subprocess.run(["c++filt"], input="\n".join(sorted(names)), check=True, capture_output=True, text=True)
    return filtered.stdout.splitlines()


def main():
    if len(sys.argv) != 2 or not os.path.isfile(sys.argv[1]):
        print("scripts/check_exports.py LIBRARY: LIBRARY has to be a libforebay.so or libforebay.a", file=sys.stderr)
        return 2
    text = "".join(open(path, encoding="utf-8").read() for path in sorted(glob.glob(HEADERS)))
    found = findings(exported_by(text), symbols_of(sys.argv[1]))
    for finding in found:
        print(f"{sys.argv[1]}: {finding}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
