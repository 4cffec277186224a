#!/usr/bin/env python3
"""Drives bench/zero_blocking.sh: see there."""
import argparse
import json
import statistics

from feed import Feed
from server import Server

P99_99_RATIO_MAX, RATE_RATIO_MIN = 2, 0.95  # of the healthy server's
MEASURES = ("p50_us", "p99_us", "p99_9_us", "p99_99_us", "max_us", "rows_per_s")


def conditions(server):
    """Name → how it begins, how it ends."""
    def nothing():
        pass
    return {"healthy": (nothing, nothing), "stopped": (server.freeze, server.thaw), "gone": (server.stop, server.start)}


def measure(feed, server, rounds, seconds, rows):
    """Every condition in every round, each round beginning with another one."""
    found = {name: [] for name in conditions(server)}
    for turn in range(rounds):
        names = list(found)
        names = names[turn % 3:] + names[:turn % 3]
        for name in names:
            begin, end = conditions(server)[name]
            begin()
            try:
                figures = feed.ask("burst", rows, seconds, 1000)
            finally:
                end()
            figures["state"] = feed.ask("status")["destination_state"]
            found[name].append(figures)
            if not feed.ask("force-sync", 600)["settled"]:
                raise SystemExit(f"after '{name}' the rows did not land within 600 s")
    return found


def missed(summary):
    """What is worse than its goal, in words.

    >>> missed({"healthy": {}, "gone": {"p99_99_ratio": 2.5, "rate_ratio": 1}, "stopped": {"p99_99_ratio": 2, "rate_ratio": 0.9}})
    ['gone: p99.99 2.50, goal at most 2', 'stopped: rate 0.90, goal at least 0.95']
    """
    found = []
    for name, medians in summary.items():
        if medians.get("p99_99_ratio", 0) > P99_99_RATIO_MAX:
            found.append(f"{name}: p99.99 {medians['p99_99_ratio']:.2f}, goal at most {P99_99_RATIO_MAX}")
        if medians.get("rate_ratio", RATE_RATIO_MIN) < RATE_RATIO_MIN:
            found.append(f"{name}: rate {medians['rate_ratio']:.2f}, goal at least {RATE_RATIO_MIN}")
    return found


def table(found, evicting):
    print(f"{'':22}{'p50':>9}{'p99':>9}{'p99.9':>9}{'p99.99':>10}{'max':>10}{'rows/s':>12}"
          f"{'p99.99 / healthy':>18}{'rate / healthy':>16}")
    summary = {}
    for name, runs in list(found.items()) + [("gone, evicting", evicting)]:
        medians = {m: statistics.median(r[m] for r in runs) for m in MEASURES}
        line = f"{name:22}" + "".join(f"{medians[m]:9.1f}" for m in MEASURES[:3])
        line += f"{medians['p99_99_us']:10.1f}{medians['max_us']:10.0f}{medians['rows_per_s']:12,.0f}"
        if name in found and name != "healthy":
            pairs = list(zip(runs, found["healthy"]))
            medians["p99_99_ratio"] = statistics.median(r["p99_99_us"] / h["p99_99_us"] for r, h in pairs)
            medians["rate_ratio"] = statistics.median(r["rows_per_s"] / h["rows_per_s"] for r, h in pairs)
            line += f"{medians['p99_99_ratio']:18.2f}{medians['rate_ratio']:16.2f}"
        print(line)
        summary[name] = medians
    print("times of one add() in microseconds; medians of the rounds")
    return summary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--durability", required=True)
    parser.add_argument("--json", required=True)
    given = parser.parse_args()

    server = Server()
    room = given.rows * (given.seconds + 1)
    feed = Feed(given.program, MEMORY_DB_DURABILITY=given.durability, MEMORY_DB_MAX_FILES=room,
                MEMORY_DB_MAX_MB=8192, MEMORY_DB_DISK_MAX_MB=16384, MEMORY_DB_CHECKPOINT_INTERVAL=0)
    feed.ask("add", given.rows)  # tables made, caches warm
    feed.ask("force-sync", 600)
    found = measure(feed, server, given.rounds, given.seconds, given.rows)
    feed.end()

    # Beyond the limit of memory: every segment goes to disk as it is sealed.
    server.stop()
    evicting = []
    for _ in range(given.rounds):
        feed = Feed(given.program, MEMORY_DB_DURABILITY=given.durability, MEMORY_DB_CHECKPOINT_INTERVAL=0)
        feed.ask("add", 200_000)
        evicting.append(feed.ask("burst", given.rows, 10, 0))
        feed.end()
    server.start()
    summary = table(found, evicting)
    with open(given.json, "w", encoding="utf-8") as file:
        json.dump({"rounds": found, "evicting": evicting, "medians": summary}, file, indent=1)
    print("\n".join(["MISSED, of the healthy server's:", *missed(summary)]) if missed(summary) else "Both goals met.")
    return 1 if missed(summary) else 0


if __name__ == "__main__":
    raise SystemExit(main())
