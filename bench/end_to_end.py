"""A tree into PostgreSQL: forebay, the yardstick (bench/yardstick/README.md) and plain INSERTs, in interleaved rounds.

forebay runs as a whole process at its default settings; probe, find_psql and the INSERTs are charged with what they
themselves say, which leaves out their start.
"""
import json
import subprocess

from bars import ON_OUR_DDL
from testbed import HERE, Failed, answer, answers, psql, run, say

YARDSTICK = HERE / "yardstick"
# What forebay records of an entry, but for the time of birth, which find does not know on Linux. Owners as numbers: for a
# name find reads /etc/passwd again at every entry, which takes longer than all the rest, and would make the bar a gift.
FIND_FORMAT = r"%p\t%f\t%h\t%y\t%s\t%m\t%U\t%G\t%T@\t%A@\t%C@\n"
FIND_FORMAT_NAMES = FIND_FORMAT.replace("%U", "%u").replace("%G", "%g")
ENTRIES_MAY_DIFFER = 0.001  # a tree that is in use changes a little between two walks
ONE_ROW_INSERTS = "INSERT, row by row"
MULTI_ROW_INSERTS = "INSERT of 5,000 rows"


class Tree:
    """One tree, one server; each method runs one contestant once and returns a measurement."""

    def __init__(self, bed, tree, probe):
        self.bed, self.tree, self.probe_path = bed, tree, probe
        self.entries = self.count_entries()
        if self.entries < 2:
            raise Failed(f"there is nothing in {tree}")

    def count_entries(self):
        """As find sees them, root included; also warms the cache for all. Piece by piece: a contestant's peak of memory
        is told as no less than that of this process when it started it."""
        with subprocess.Popen(["find", self.tree, "-xdev", "-printf", r"%s\0"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as find:
            return sum(piece.count(b"\0") for piece in iter(lambda: find.stdout.read(1 << 16), b""))

    def prepare_yardstick(self):
        self.bed.fresh_database()
        psql(f"--file={YARDSTICK / 'bf.sql'}")

    def prepare_forebay(self):
        self.bed.fresh_database()
        self.bed.fresh_state()
        # As the yardstick's table is there before its clock starts.
        run([self.bed.forebay, "migrate", "up"], self.bed.environment)

    def prepare_yardstick_on_our_ddl(self):
        """Its columns are forebay's, by name and type: so its table can be made as forebay's is, key and all."""
        self.prepare_forebay()
        psql("create table bf (like backup_files including all)")

    def probe(self, mode):
        output, cost = run([self.probe_path, mode, self.tree, "dbname=bench"], self.bed.environment)
        return cost | {"seconds": float(answer(r"total_s=([0-9.]+)", output)),
                       "entries": int(answer(r"entries=(\d+)", output))}

    def find_psql(self, mode):
        output, cost = run([str(YARDSTICK / "find_psql.sh"), mode, self.tree], self.bed.environment)
        return cost | {"seconds": float(answer(r"total_s=([0-9.]+)", output)), "entries": self.entries}

    def find_printf(self, fields=FIND_FORMAT):
        # Status 1: it could not read something; the others are silent about that.
        _, cost = run(["find", self.tree, "-xdev", "-printf", fields], self.bed.environment, (0, 1), discard=True)
        return cost | {"entries": self.entries}

    def inserts(self, rows, entries=None):
        limit = [] if entries is None else [str(entries)]
        output, cost = run([self.bed.program("forebay_inserts"), str(rows), self.tree, "dbname=bench", *limit],
                           self.bed.environment)
        return cost | answers(output)

    def scan(self, *more):
        output, cost = run([self.bed.forebay, "scan", "-x", "--set", "bench", "--quiet", "--json", *more, self.tree],
                           self.bed.environment, accept=(0, 1))
        summary = answers(output)
        # Also the time of an exclude that crept in would be good.
        if abs(summary["scanned"] - self.entries) > self.entries * ENTRIES_MAY_DIFFER:
            raise Failed(f"it scanned {summary['scanned']:,} entries; find sees {self.entries:,}")
        return cost | {"entries": summary["scanned"], "summary": summary}

    def dry_run(self):
        return self.scan("--dry-run")

    def scan_and_look(self):
        newest = psql("select coalesce(max(sync_version), 0) from backup_files")
        found = self.scan()
        # A rescan has to bring each row anew.
        rows = int(psql(f"select count(*) from backup_files where sync_version > {newest}"))
        summary = found["summary"]
        if rows != summary["scanned"] or summary["synced"] != rows or summary["pending"] or summary["quarantined"]:
            raise Failed(f"scanned {summary['scanned']}, at the destination {rows}: {json.dumps(summary)}")
        return found


def yardsticks(tree, prepare, note):
    def probe(mode):
        return lambda: tree.probe(mode)

    def find_psql(mode):
        return lambda: tree.find_psql(mode)

    return [
        (prepare, [("probe direct" + note, probe("direct"))]),
        (prepare, [("find_psql direct" + note, find_psql("direct"))]),
        (prepare, [("probe upsert, empty table" + note, probe("upsert")), ("probe upsert, again" + note, probe("upsert"))]),
        (prepare, [("find_psql upsert, empty table" + note, find_psql("upsert")),
                   ("find_psql upsert, again" + note, find_psql("upsert"))]),
    ]


def contestants(tree, short):
    """Units: what is prepared together, and the timed runs that follow each other on it."""
    one_row_entries = 2_000 if short else 20_000
    units = yardsticks(tree, tree.prepare_yardstick, "")
    units += [
        (tree.prepare_forebay, [("forebay first scan", tree.scan_and_look), ("forebay rescan", tree.scan_and_look)]),
        (tree.bed.fresh_state, [("forebay dry run", tree.dry_run), ("find -printf", tree.find_printf),
                                ("probe scan", lambda: tree.probe("scan"))]),
        (tree.prepare_yardstick, [(ONE_ROW_INSERTS, lambda: tree.inserts(1, one_row_entries))]),
        (tree.prepare_yardstick, [(MULTI_ROW_INSERTS, lambda: tree.inserts(5000))]),
    ]
    if short:
        return units
    by_name = ("find -printf, owners by name", lambda: tree.find_printf(FIND_FORMAT_NAMES))
    return units + yardsticks(tree, tree.prepare_yardstick_on_our_ddl, ON_OUR_DDL) + [(tree.bed.fresh_state, [by_name])]


def measure(tree, rounds, short, results):
    """Runs by contestant into `results`, one a round. The order rotates from round to round."""
    units = contestants(tree, short)
    results |= {name: [] for _, runs in units for name, _ in runs}
    for number in range(rounds):
        start = number * len(units) // rounds
        for prepare, runs in units[start:] + units[:start]:
            try:
                prepare()
            except Failed as why:
                for name, _ in runs:
                    results[name].append({"failed": "its preparation: " + str(why)})
                continue
            for name, contestant in runs:
                try:
                    # What the run before left dirty is not to be written in this one's time.
                    psql("checkpoint")
                    results[name].append(contestant())
                except Failed as why:
                    results[name].append({"failed": str(why)})
                last = results[name][-1]
                shown = last.get("failed") or f"{last['seconds']:.3f} s"
                say(f"round {number + 1}/{rounds}  {name}: {shown}")
