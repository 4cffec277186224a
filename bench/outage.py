#!/usr/bin/env python3
"""Drives bench/outage.sh: see there."""
import argparse
import json
import os
import subprocess
import tempfile
import time

from server import Server

LANDED = "SELECT coalesce(sum(rows), 0) FROM sync_batches WHERE stream = 'backup_files'"


def interrupted_scan(given, server, how, number):
    """Scans, takes the server away once some rows have landed, brings it back, and waits for the end."""
    begin, end = {"stopped": (server.stop, server.start), "frozen": (server.freeze, server.thaw)}[how]
    with tempfile.TemporaryDirectory(prefix="forebay-outage.") as state:
        before = int(server.query(LANDED))
        env = dict(os.environ, FOREBAY_STATE_DIR=state, SYNC_DRAIN_TIMEOUT=str(given.seconds + 120), NO_COLOR="1",
                   SYNC_STATEMENT_TIMEOUT="20")
        log = open(os.path.join(state, "..", os.path.basename(state) + ".log"), "w+", encoding="utf-8")
        scan = subprocess.Popen([given.program, "scan", "--json", "--set", f"outage {number} {how}", given.tree], env=env,
                                text=True, stdout=subprocess.PIPE, stderr=log)
        while scan.poll() is None and int(server.query(LANDED)) == before:
            pass
        begin()
        away = time.monotonic()
        time.sleep(given.seconds)  # the outage itself
        ended_meanwhile = scan.poll() is not None
        back = time.monotonic()
        end()
        out, _ = scan.communicate(timeout=given.seconds + 600)
        caught_up = time.monotonic()
        log.seek(0)
        lines = log.read().splitlines()
        log.close()
        os.remove(log.name)
    if ended_meanwhile:
        return None
    summary = json.loads(out)
    rows = int(server.query("SELECT count(*) FROM backup_files WHERE backup_set_id = "
                            f"{summary['backup_set_id']}"))
    return {"how": how, "status": scan.returncode, "away_s": back - away, "caught_up_s": caught_up - back,
            "log_lines": len(lines), "summary": summary, "rows": rows,
            "complete": rows == summary["accepted"] == summary["synced"] and summary["pending"] == 0}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--tree", required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--json", required=True)
    given = parser.parse_args()
    server = Server()
    subprocess.run([given.program, "migrate", "up"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = []
    for how in ("stopped", "frozen"):
        found = None
        for number in range(5):  # a scan that was through before the server was away shows nothing
            found = interrupted_scan(given, server, how, number)
            if found:
                break
        if not found:
            raise SystemExit(f"the scan of {given.tree} ended before the server was {how}, five times: name a larger tree")
        results.append(found)
        print(f"server {how} for {found['away_s']:.0f} s in the middle of a scan: status {found['status']}, "
              f"{found['summary']['accepted']:,} rows taken, {found['rows']:,} at the destination "
              f"({'complete' if found['complete'] else 'NOT COMPLETE'}), {found['caught_up_s']:.1f} s after it was back, "
              f"{found['log_lines']} lines of log")
    with open(given.json, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    return 0 if all(r["complete"] and r["status"] in (0, 1) for r in results) else 4


if __name__ == "__main__":
    raise SystemExit(main())
