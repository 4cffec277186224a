"""The rounds of bench/end_to_end.sh, which sets the stage; see there."""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
YARDSTICK = HERE / "yardstick"
SETTINGS = re.compile(r"^(USE_MEMORY_DB|(MEMORY_DB|SYNC|SCAN|FOREBAY)_.*)$")


class Failed(Exception):
    """A contestant did not do its job; shown in the table, and the rounds go on."""


def psql(*commands, database="bench"):
    arguments = [part for command in commands for part in ("-c", command)]
    done = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", database, *arguments],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def run(command, environment, accept=(0,)):
    """Runs it as a whole process: its output, and what it took in seconds, processor seconds and memory."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.monotonic()
        child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 cwd=environment["HOME"])
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode not in accept:
            lines = err.read().strip().splitlines() or ["it said nothing"]
            raise Failed(f"status {child.returncode}: {lines[0]}")
        return out.read(), {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
                            "peak_memory_bytes": usage.ru_maxrss * 1024}


class Bench:
    """One tree, one server; each method runs one contestant once and returns a measurement."""

    def __init__(self, options):
        self.tree, self.forebay, self.probe_path = options.tree, options.forebay, options.probe
        self.home = tempfile.mkdtemp(prefix="forebay-bench.")
        # No settings of the caller's, and a folder without .env: forebay at its defaults.
        self.environment = {k: v for k, v in os.environ.items() if not SETTINGS.match(k)}
        self.environment.update(HOME=self.home, FOREBAY_STATE_DIR=os.path.join(self.home, "state"), PGDATABASE="bench",
                                DATABASE_URL=os.environ["DATABASE_URL"].replace("/forebay?", "/bench?"))
        self.entries = self.count_entries()

    def count_entries(self):
        """As find sees them, root included; also warms the cache for all."""
        done = subprocess.run(["find", self.tree, "-xdev", "-printf", "%s\\0"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        return done.stdout.count(b"\0")

    def fresh_database(self):
        psql("set client_min_messages = warning", "drop database if exists bench with (force)", "create database bench",
             database="postgres")

    def prepare_yardstick(self):
        self.fresh_database()
        subprocess.run(["psql", "-qX", "-d", "bench", "-f", YARDSTICK / "bf.sql"], check=True, stderr=subprocess.DEVNULL)

    def prepare_forebay(self):
        self.fresh_database()
        shutil.rmtree(self.environment["FOREBAY_STATE_DIR"], ignore_errors=True)
        # As the yardstick's table is there before its clock starts.
        run([self.forebay, "migrate", "up"], self.environment)

    def probe(self, mode):
        output, cost = run([self.probe_path, mode, self.tree, "dbname=bench"], self.environment)
        return cost | {"seconds": float(re.search(r"total_s=([0-9.]+)", output)[1]),
                       "entries": int(re.search(r"entries=(\d+)", output)[1])}

    def find_psql(self, mode):
        output, cost = run([str(YARDSTICK / "find_psql.sh"), mode, self.tree], self.environment)
        return cost | {"seconds": float(re.search(r"total_s=([0-9.]+)", output)[1]), "entries": self.entries}

    def forebay_scan(self):
        # Status 1 says that paths could not be read; the others are silent about those.
        output, cost = run([self.forebay, "scan", "-x", "--set", "bench", "--quiet", "--json", self.tree],
                           self.environment, accept=(0, 1))
        summary = json.loads(output)
        rows = int(psql("select count(*) from backup_files"))
        if rows != summary["scanned"] or summary["pending"] or summary["quarantined"]:
            raise Failed(f"scanned {summary['scanned']}, at the destination {rows}: {output.strip()}")
        return cost | {"entries": summary["scanned"], "summary": summary}


def contestants(bench):
    """Units: what is prepared together, and the timed runs that follow each other on it."""
    def probe(mode):
        return lambda: bench.probe(mode)

    def find_psql(mode):
        return lambda: bench.find_psql(mode)

    return [
        (bench.prepare_yardstick, [("probe direct", probe("direct"))]),
        (bench.prepare_yardstick, [("find_psql direct", find_psql("direct"))]),
        (bench.prepare_yardstick, [("probe upsert, empty table", probe("upsert")), ("probe upsert, again", probe("upsert"))]),
        (bench.prepare_yardstick, [("find_psql upsert, empty table", find_psql("upsert")),
                                   ("find_psql upsert, again", find_psql("upsert"))]),
        (bench.prepare_forebay, [("forebay first scan", bench.forebay_scan), ("forebay rescan", bench.forebay_scan)]),
    ]


COMPARED = {
    "forebay first scan": ["probe direct", "find_psql direct", "probe upsert, empty table", "find_psql upsert, empty table"],
    "forebay rescan": ["probe upsert, again", "find_psql upsert, again"],
}


def measure(bench, rounds):
    units = contestants(bench)
    results = {name: [] for _, runs in units for name, _ in runs}
    for number in range(rounds):
        start = number % len(units)
        for prepare, runs in units[start:] + units[:start]:
            try:
                prepare()
            except Failed as why:
                for name, _ in runs:
                    results[name].append({"failed": "its preparation: " + str(why)})
                continue
            for name, contestant in runs:
                # What the run before left dirty is not to be written in this one's time.
                psql("checkpoint")
                try:
                    results[name].append(contestant())
                except Failed as why:
                    results[name].append({"failed": str(why)})
                last = results[name][-1]
                shown = last.get("failed") or f"{last['seconds']:.3f} s"
                print(f"round {number + 1}/{rounds}  {name}: {shown}", file=sys.stderr, flush=True)
    return results


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratios(results):
    """By round, so that a slow moment of the machine weighs on both sides; above 1 means that forebay is faster."""
    found = []
    for ours, others in COMPARED.items():
        for other in others:
            pairs = [(mine["entries"] / mine["seconds"]) / (theirs["entries"] / theirs["seconds"])
                     for mine, theirs in zip(results[ours], results[other]) if "failed" not in mine and "failed" not in theirs]
            found.append({"of": ours, "to": other} | (spread(pairs) if pairs else {"failed": "one of them failed in every round"}))
    return found


def machine(options, bench):
    def first_line(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, cwd=HERE)
        return done.stdout.strip().split("\n")[0] if done.returncode == 0 else "unknown"

    def from_proc(path, key):
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
        return "unknown"

    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": first_line(["git", "describe", "--always", "--dirty", "--abbrev=12"]),
        "build_type": options.build_type,
        "kernel": platform.release(),
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": from_proc("/proc/cpuinfo", "model name"),
        "memory": from_proc("/proc/meminfo", "MemTotal"),
        "postgresql": psql("select version()", database="postgres"),
        "fsync": psql("show fsync", database="postgres"),
        "server_file_system": first_line(["stat", "-f", "-c", "%T", os.environ["THROWAWAY_PG_DATA"]]),
        "tree": bench.tree,
        "entries": bench.entries,
        "rounds": options.rounds,
    }


def report(facts, results, compared):
    yield (f"{facts['entries']} entries of {facts['tree']}, cache warm, {facts['rounds']} rounds; forebay {facts['commit']} "
           f"({facts['build_type']})")
    yield (f"{facts['cpus']} CPUs ({facts['cpu']}), Linux {facts['kernel']}, "
           f"{' '.join(facts['postgresql'].split()[:2])}, fsync {facts['fsync']}, data on {facts['server_file_system']}")
    yield ""
    yield f"{'':31} {'s, median (min–max)':>24} {'entries/s':>11} {'CPU s':>7} {'MB':>6}"
    for name, runs in results.items():
        good = [r for r in runs if "failed" not in r]
        if not good:
            yield f"{name:31} failed: {runs[0]['failed'][:120]}"
            continue
        seconds = spread([r["seconds"] for r in good])
        rate = statistics.median(r["entries"] / r["seconds"] for r in good)
        cpu = statistics.median(r["cpu_seconds"] for r in good)
        memory = statistics.median(r["peak_memory_bytes"] for r in good) / 1e6
        times = f"{seconds['median']:.3f} ({seconds['min']:.3f}–{seconds['max']:.3f})"
        some = f"  ({len(runs) - len(good)} of {len(runs)} failed)" if len(good) < len(runs) else ""
        yield f"{name:31} {times:>24} {rate:11,.0f} {cpu:7.2f} {memory:6.0f}{some}"
    yield ""
    yield "Times as fast as (above 1: forebay is faster), median (min–max) by round"
    for ratio in compared:
        shown = ratio.get("failed") or f"{ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f})"
        yield f"{ratio['of']:19} to {ratio['to']:31} {shown}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--forebay", "--build-type", "--probe", "--output"):
        parser.add_argument(name, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("tree")
    options = parser.parse_args()

    bench = Bench(options)
    try:
        results = measure(bench, options.rounds)
    finally:
        shutil.rmtree(bench.home, ignore_errors=True)
    facts, compared = machine(options, bench), ratios(results)
    print("\n".join(report(facts, results, compared)))
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump({"machine": facts, "runs": results, "ratios": compared}, file, indent=1)
    print(f"\nAll of it: {options.output}")
    return 1 if any("failed" in run for name in COMPARED for run in results[name]) else 0


if __name__ == "__main__":
    sys.exit(main())
