"""What a row costs by the number of rows: buffering alone, with the destination away, and the whole way into an empty
table. The rows are made by bench/feed.cpp, one thread, and forebay is at its default settings."""
import statistics

from feed import Feed
from testbed import Failed, psql, say

AWAY = "postgresql://127.0.0.1:1/nobody"


def buffering(bed, rows):
    feed = Feed(bed.program("forebay_feed"), "--no-memory-statistics", DATABASE_URL=AWAY)
    added = feed.ask("add", rows)
    status = feed.ask("status")
    feed.end()
    if status["pending"] != rows:
        raise Failed(f"of {rows} rows {status['pending']} are buffered")
    return {"entries": rows, "seconds": added["seconds"], "resident_peak_bytes": status["resident_peak_bytes"],
            "disk_bytes": status["disk_bytes"]}


def whole(bed, rows):
    bed.fresh_database()
    feed = Feed(bed.program("forebay_feed"), "--no-memory-statistics", DATABASE_URL=bed.environment["DATABASE_URL"])
    added = feed.ask("add", rows)
    sent = feed.ask("force-sync", 3600)
    status = feed.ask("status")
    feed.end()
    landed = int(psql("select count(*) from backup_files"))
    if not sent["settled"] or landed != rows:
        raise Failed(f"of {rows} rows {landed} are at the destination: {sent['last_error']}")
    return {"entries": rows, "seconds": added["seconds"] + sent["seconds"],
            "resident_peak_bytes": status["resident_peak_bytes"]}


def typical(measure, bed, rows):
    """Of few rows several times, as one is over in a moment: the run of the median."""
    found = sorted((measure(bed, rows) for _ in range(3 if rows <= 100_000 else 1)), key=lambda run: run["seconds"])
    return found[len(found) // 2]


def measure_curves(bed, sizes, rounds, results):
    """Runs by name into `results`; sizes go up in one round and down in the next. The whole way has no bar, takes most of the time, and
    is gone in half of the rounds only."""
    for number in range(rounds):
        for name, measure, rounds_max in (("buffer", buffering, rounds), ("whole way", whole, (rounds + 1) // 2)):
            if number >= rounds_max:
                continue
            for rows in sizes if number % 2 == 0 else reversed(sizes):
                series = results.setdefault(f"{name} {rows:,} files", [])
                try:
                    series.append(typical(measure, bed, rows))
                except (Failed, SystemExit) as why:  # bench/feed.py ends by SystemExit
                    series.append({"failed": str(why)})
                last = series[-1]
                shown = last.get("failed") or f"{last['entries'] / last['seconds']:,.0f} rows/s"
                say(f"round {number + 1}/{rounds}  {name} {rows:,} files: {shown}")


def rates(results, name, sizes):
    """(files, median rows/s) of one curve, for those that were measured."""
    points = []
    for rows in sizes:
        good = [run for run in results.get(f"{name} {rows:,} files", []) if "failed" not in run]
        if good:
            points.append((rows, statistics.median(run["entries"] / run["seconds"] for run in good)))
    return points
