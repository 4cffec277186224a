#!/usr/bin/env python3
"""Prints the table of bench/add.sh from what Google Benchmark wrote."""
import json
import statistics
import sys


def main():
    rates = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        for run in json.load(file)["benchmarks"]:
            if run["run_type"] == "iteration":
                name = run["run_name"].split("/iterations")[0]
                rates.setdefault(name, []).append(run["items_per_second"])
    bare = statistics.median(rates["bare_sqlite"])
    memory = statistics.median(rates["add_file/memory"])
    print(f"{'':18}{'rows/s':>12}{'lowest':>12}{'highest':>12}{'of bare':>9}{'of memory':>11}")
    for name in ("bare_sqlite", "add_file/memory", "add_file/process", "add_file/power"):
        median = statistics.median(rates[name])
        print(f"{name:18}{median:12,.0f}{min(rates[name]):12,.0f}{max(rates[name]):12,.0f}"
              f"{median / bare:9.2f}{median / memory:11.2f}")


if __name__ == "__main__":
    main()
