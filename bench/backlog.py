#!/usr/bin/env python3
"""Drives bench/backlog.sh: see there."""
import argparse
import json

from feed import Feed
from server import Server

MIB = 1 << 20


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--memory-mb", type=int, required=True)
    parser.add_argument("--json", required=True)
    given = parser.parse_args()

    server = Server()
    server.stop()
    feed = Feed(given.program, MEMORY_DB_MAX_MB=given.memory_mb, MEMORY_DB_DISK_MAX_MB=1 << 20)
    added = feed.ask("add", given.rows)
    full = feed.ask("status")
    server.start()
    sent = feed.ask("force-sync", 3600)
    end = feed.ask("status")
    feed.end()
    landed = int(server.query("SELECT count(*) FROM backup_files"))

    allowed = (given.memory_mb + 100) * MIB
    within = end["resident_peak_bytes"] <= allowed
    whole = bool(sent["settled"]) and landed == given.rows == end["synced"]
    print(f"{given.rows:,} rows buffered with the server away: {given.rows / added['seconds']:,.0f} rows/s, "
          f"{full['disk_bytes'] / MIB:,.0f} MiB of journals, {full['resident_bytes'] / MIB:,.0f} MiB resident")
    print(f"sent when it was back: {given.rows / sent['seconds']:,.0f} rows/s; at the destination: {landed:,} rows "
          f"({'all' if whole else 'NOT ALL'})")
    print(f"most that was resident: {end['resident_peak_bytes'] / MIB:,.0f} MiB; allowed MEMORY_DB_MAX_MB + 100 MiB = "
          f"{allowed / MIB:,.0f} MiB ({'kept' if within else 'EXCEEDED'})")
    with open(given.json, "w", encoding="utf-8") as file:
        json.dump({"rows": given.rows, "added": added, "full": full, "sent": sent, "end": end, "landed": landed}, file,
                  indent=1)
    return 0 if whole and within else 4


if __name__ == "__main__":
    raise SystemExit(main())
