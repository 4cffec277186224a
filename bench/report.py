"""What bench/run.py prints."""
import statistics

from bars import ENTRIES_MIN, ROUNDS_MIN, ratios, spread
from end_to_end import MULTI_ROW_INSERTS, ONE_ROW_INSERTS

# The ways of an earlier system, "row by row / batch / memory", and what forebay makes of the last.
WAYS = (ONE_ROW_INSERTS, MULTI_ROW_INSERTS, "find_psql upsert, empty table", "find_psql direct", "probe direct",
        "forebay first scan", "forebay rescan", "forebay dry run")


def good(runs):
    return [run for run in runs if "failed" not in run]


def cost(run):
    """Of one row, in bytes or seconds; what bars compare."""
    if "failed" in run or run.get("entries") == 0:
        return None
    return run["resident_bytes_per_row"] if "resident_bytes_per_row" in run else run["seconds"] / run["entries"]


def cpu_seconds_per_million(runs):
    return statistics.median(run["cpu_seconds"] / run["entries"] * 1e6 for run in runs)


def facts(machine, options, entries):
    if options.short:
        yield "SHORT FORM: few rounds, smaller curves, the yardstick on its own table only. The long form judges the bars."
    elif options.rounds < ROUNDS_MIN:
        yield f"FEWER THAN {ROUNDS_MIN} ROUNDS: the bars are meant for that many at least."
    if entries is not None and entries < ENTRIES_MIN:
        yield f"A SMALL TREE: the bars are meant for {ENTRIES_MIN:,} entries at least."
    yield f"forebay {machine['commit']} ({machine['build_type']}), {machine['time']}"
    yield f"{machine['cpus']} CPUs ({machine['cpu']}), {machine['memory']}, Linux {machine['kernel']}"
    yield (f"{' '.join(machine['postgresql'].split()[:2])}, fsync {machine['fsync']}; its data on "
           f"{machine['server_file_system']}, journals on {machine['state_file_system']}")
    if machine["load_at_start"] > 0.5 * machine["cpus"]:
        yield f"NOT ALONE: the load was {machine['load_at_start']:.1f} at the start. Ratios suffer less than rates, but they do."


def end_to_end_table(results, tree, entries, rounds):
    yield f"End to end: {entries:,} entries of {tree}, cache warm, {rounds} rounds"
    yield f"{'':48} {'s, median (min–max)':>24} {'entries/s':>11} {'CPU s':>7} {'MB':>6}"
    for name, runs in results.items():
        well = good(runs)
        if not well:
            yield f"{name:48} failed: {runs[0]['failed'][:120]}"
            continue
        seconds = spread([run["seconds"] for run in well])
        rate = statistics.median(run["entries"] / run["seconds"] for run in well)
        cpu = statistics.median(run["cpu_seconds"] for run in well)
        memory = statistics.median(run["peak_memory_bytes"] for run in well) / 1e6
        times = f"{seconds['median']:.3f} ({seconds['min']:.3f}–{seconds['max']:.3f})"
        some = f"  ({len(runs) - len(well)} of {len(runs)} failed)" if len(well) < len(runs) else ""
        yield f"{name:48} {times:>24} {rate:11,.0f} {cpu:7.2f} {memory:6.0f}{some}"
    first = good(results["forebay first scan"])
    if first:
        yield f"forebay's processor time per million files, first scan, the server's left out: {cpu_seconds_per_million(first):.1f} s"


def rates_of_ways(results):
    """(way, spread of entries/s), for those that were measured."""
    found = [(way, good(results.get(way, []))) for way in WAYS]
    return [(way, spread([run["entries"] / run["seconds"] for run in runs])) for way, runs in found if runs]


def ways_table(results):
    rates = rates_of_ways(results)
    base = dict(rates).get(ONE_ROW_INSERTS)
    yield f"{'Ways to bring a tree to PostgreSQL':36} {'entries/s, median (min–max)':>32} {'× row by row':>13}"
    for way, rate in rates:
        shown = f"{rate['median']:,.0f} ({rate['min']:,.0f}–{rate['max']:,.0f})"
        times = f"{rate['median'] / base['median']:,.1f}" if base else "-"
        yield f"{way:36} {shown:>32} {times:>13}"


def micro_table(results):
    results = dict(sorted(results.items()))  # they come in random order
    yield f"{'Micro-benchmarks':26} {'rows/s, median (min–max)':>38} {'µs/row':>9}"
    for name, runs in results.items():
        if "seconds" in runs[0]:
            rate = spread([run["entries"] / run["seconds"] for run in runs])
            rates = f"{rate['median']:,.0f} ({rate['min']:,.0f}–{rate['max']:,.0f})"
            yield f"{name:26} {rates:>38} {1e6 / rate['median']:9.3f}"
    for what, two, one in (("bare SQLite, each with a table of its own, are", "bare_sqlite_threads/2", "bare_sqlite_threads/1"),
                           ("producers are, to add() of the main thread,", "add_threads/2", "add/process")):
        gains = ratios("speed", *([cost(run) for run in results.get(name, [])] for name in (two, one)))
        if gains:
            gain = spread(gains)
            yield f"Two threads of {what} {gain['median']:.2f} ({gain['min']:.2f}–{gain['max']:.2f}) times as fast as one."
    yield f"{'':26} {'resident bytes/row (min–max)':>38} {'of which SQLite pages':>22}"
    for name, runs in results.items():
        if "seconds" not in runs[0]:
            size = spread([run["resident_bytes_per_row"] for run in runs])
            cache = statistics.median(run["cache_used_bytes_per_row"] for run in runs)
            sizes = f"{size['median']:.0f} ({size['min']:.0f}–{size['max']:.0f})"
            yield f"{name:26} {sizes:>38} {cache:22.0f}"


def curves_table(results):
    yield f"{'By number of files':36} {'rows/s, median (min–max)':>38} {'peak MB':>8}"
    for name, runs in results.items():
        well = good(runs)
        if not well:
            yield f"{name:36} failed: {runs[0]['failed'][:120]}"
            continue
        rate = spread([run["entries"] / run["seconds"] for run in well])
        rates = f"{rate['median']:,.0f} ({rate['min']:,.0f}–{rate['max']:,.0f})"
        yield f"{name:36} {rates:>38} {max(run['resident_peak_bytes'] for run in well) / 1e6:8.0f}"


def ratio(found):
    return f"{found['median']:.2f} ({found['min']:.2f}–{found['max']:.2f})" if found["ratios"] else ""


def bars_table(judged):
    yield f"{'Bar (forebay / other, median (min–max) of pairs)':54} {'goal':>7}  {'measured':18} {'':12} on forebay's DDL"
    for bar in judged:
        other = bar.get("on_our_ddl")
        aside = f"{ratio(other)} {other['verdict']}" if other else ""
        goal = f"{bar['sign']} {bar['goal']:g}"
        yield f"{bar['what']:54} {goal:>7}  {ratio(bar):18} {bar['verdict']:12} {aside}".rstrip()
    missed = [bar["what"] for bar in judged if bar["verdict"] == "MISSED"]
    silent = [bar["what"] for bar in judged if bar["verdict"] == "not measured"]
    if missed:
        yield f"{len(missed)} of {len(judged)} bars missed:"
        yield from (f"  {what}" for what in missed)
    if silent:
        yield f"{len(silent)} of {len(judged)} bars not measured:"
        yield from (f"  {what}" for what in silent)
    if not missed and not silent:
        yield f"All {len(judged)} bars met."
