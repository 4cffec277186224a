#!/usr/bin/env python3
"""Drives bench/refused_rows.sh: see there."""
import argparse
import json
import statistics
import subprocess

from server import Server

EVERY = 1000
GOALS = {"direct": 0.45, "staging": 0.9}


def run(given, server, way, every):
    """One run into an empty table; without the touched column's default a sink does not COPY straight into it."""
    default = "SET DEFAULT now()" if way == "direct" else "DROP DEFAULT"
    server.query("TRUNCATE backup_files, sync_batches")
    server.query(f"ALTER TABLE backup_files ALTER updated_at {default}")
    server.query("CHECKPOINT")
    out = subprocess.run([given.program, str(given.rows), str(every)], check=True, text=True, stdout=subprocess.PIPE)
    figures = json.loads(out.stdout)
    figures["landed"] = int(server.query("SELECT count(*) FROM backup_files"))
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--json", required=True)
    parser.add_argument("--print-json", action="store_true")
    given = parser.parse_args()

    server = Server()
    subprocess.run([given.program, "0", "0"], check=True, stdout=subprocess.DEVNULL)  # the tables
    server.query("ALTER TABLE backup_files ADD CONSTRAINT plausible CHECK (file_size >= 0)")
    bad = sum(1 for row in range(given.rows) if row % EVERY == EVERY // 2)
    runs = {way: {"clean": [], "refused": []} for way in GOALS}
    whole = True
    for pair in range(given.pairs):
        for way, of in runs.items():
            for kind in ("clean", "refused") if pair % 2 == 0 else ("refused", "clean"):
                figures = run(given, server, way, EVERY if kind == "refused" else 0)
                refused = bad if kind == "refused" else 0
                whole = whole and (figures["landed"], figures["quarantined"]) == (given.rows - refused, refused)
                of[kind].append(figures["seconds"])
    result = {"rows": given.rows, "refused": bad, "whole": whole, "ways": {}}
    for way, of in runs.items():
        clean, refused = (statistics.median(of[kind]) for kind in ("clean", "refused"))
        result["ways"][way] = {"clean_s": of["clean"], "refused_s": of["refused"], "ratio": clean / refused,
                               "goal": GOALS[way]}
    with open(given.json, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    if given.print_json:
        print(json.dumps(result))
    else:
        print(f"{given.rows:,} rows, {bad:,} of them refused; medians of {given.pairs}")
        print(f"{'way':<8} {'clean rows/s':>14} {'refused rows/s':>15} {'ratio':>6}  goal")
        for way, of in result["ways"].items():
            print(f"{way:<8} {given.rows / statistics.median(of['clean_s']):>14,.0f} "
                  f"{given.rows / statistics.median(of['refused_s']):>15,.0f} {of['ratio']:>6.2f}  {of['goal']}")
        if not whole:
            print("rows are MISSING or too many were refused")
    missed = any(of["ratio"] < of["goal"] for of in result["ways"].values())
    return 4 if missed or not whole else 0


if __name__ == "__main__":
    raise SystemExit(main())
