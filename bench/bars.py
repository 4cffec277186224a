"""The bars that forebay is held to (docs/performance.md), and their arithmetic. Nothing is measured here.

A series is what one contestant cost in each round: seconds, or bytes, for one row; None where it failed. A ratio is
taken within a round, so that a slow moment of the machine weighs on both sides; the median of the rounds is judged.
bench/run.sh runs the examples below (doctest) before it measures.
"""
import dataclasses
import statistics

ROUNDS_MIN = 5
ENTRIES_MIN = 170_000  # of the tree
ON_OUR_DDL = ", on forebay's DDL"


@dataclasses.dataclass(frozen=True)
class Bar:
    part: str    # of bench/run.py, which measures it
    ours: str
    theirs: str
    kind: str    # what is compared: time and memory are to stay below the goal, speed above it
    goal: float
    what: str    # for people

    @property
    def sign(self):
        return "≥" if self.kind == "speed" else "≤"


def all_bars(most_files):
    """`most_files`: the largest number that buffering was measured with."""
    first, again, micro = "forebay first scan", "forebay rescan", "micro"
    return [
        Bar("end_to_end", first, "probe direct", "time", 1.15, "time: first scan / probe direct"),
        Bar("end_to_end", first, "find_psql direct", "time", 1.0, "time: first scan / find_psql direct"),
        Bar("end_to_end", first, "find_psql upsert, empty table", "speed", 2.0, "speed: first scan / find_psql upsert"),
        Bar("end_to_end", again, "probe upsert, again", "time", 1.1, "time: rescan / probe upsert, again"),
        Bar("end_to_end", again, "find_psql upsert, again", "speed", 1.25, "speed: rescan / find_psql upsert, again"),
        Bar("end_to_end", "forebay dry run", "find -printf", "time", 1.0, "time: walk and buffer only / find -printf"),
        Bar(micro, "add/memory", "bare_sqlite", "speed", 0.9, "speed: add() at level memory / bare SQLite"),
        Bar(micro, "add/process", "add/memory", "speed", 0.8, "speed: add() at level process / level memory"),
        Bar(micro, "add_threads/2", "add_threads/1", "speed", 1.7, "speed: two producer threads / one"),
        Bar("curves", f"buffer {most_files:,} files", "buffer 100,000 files", "speed", 0.9,
            f"speed: buffering {most_files:,} rows / 100,000"),
        Bar(micro, "memory_buffered", "memory_bare_sqlite", "memory", 1.3, "memory: buffered row / bare SQLite"),
    ]


def spread(values):
    """
    >>> spread([3, 1, 2])
    {'median': 2, 'min': 1, 'max': 3}
    """
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratios(kind, ours, theirs):
    """Round by round, without those in which one of them failed.

    >>> ratios("time", [2.0, 3.0], [1.0, 2.0])
    [2.0, 1.5]
    >>> ratios("speed", [2.0, 3.0], [1.0, 6.0])
    [0.5, 2.0]
    >>> ratios("memory", [None, 3.0, 1.0], [1.0, 2.0, 4.0])
    [1.5, 0.25]
    """
    pairs = [(mine, other) for mine, other in zip(ours, theirs) if mine is not None and other is not None]
    return [other / mine if kind == "speed" else mine / other for mine, other in pairs]


def verdict(kind, goal, median):
    """
    >>> verdict("time", 1.15, 1.15), verdict("time", 1.15, 1.1501)
    ('met', 'MISSED')
    >>> verdict("memory", 1.3, 1.4), verdict("speed", 2.0, 1.99), verdict("speed", 2.0, 2.0)
    ('MISSED', 'MISSED', 'met')
    """
    return "met" if (median >= goal if kind == "speed" else median <= goal) else "MISSED"


def held_to(bar, series, theirs):
    """A round that one of them lost may be the one that would have been slow: then there is no verdict.

    >>> bar = Bar("micro", "a", "b", "time", 1.0, "time: a / b")
    >>> held_to(bar, {"a": [1, None], "b": [2, 2]}, "b")["verdict"], held_to(bar, {"b": [2]}, "b")["ratios"]
    ('not measured', [])
    >>> held_to(bar, {"a": [1, 1], "b": [2]}, "b")["verdict"]
    'not measured'
    """
    mine, others = series.get(bar.ours, []), series.get(theirs, [])
    found = ratios(bar.kind, mine, others)
    if not found:
        return {"verdict": "not measured", "ratios": []}
    measured = spread(found)
    if len(found) < max(len(mine), len(others)):
        return {"verdict": "not measured", "ratios": found} | measured
    return {"verdict": verdict(bar.kind, bar.goal, measured["median"]), "ratios": found} | measured


def judge(bars, series):
    """Each bar with its ratios and the verdict. The yardstick's own table counts; what the same would be on forebay's
    DDL stands beside it, where that was measured.

    >>> bar = Bar("micro", "a", "b", "time", 1.0, "time: a / b")
    >>> judged = judge([bar], {"a": [1, 2, 3], "b": [2, 2, 2], "b, on forebay's DDL": [1, 1, 1]})[0]
    >>> judged["median"], judged["verdict"], judged["on_our_ddl"]["median"], judged["on_our_ddl"]["verdict"]
    (1.0, 'met', 2.0, 'MISSED')
    >>> judge([bar], {"a": [None], "b": [1]})[0]["verdict"]
    'not measured'
    """
    judged = []
    for bar in bars:
        found = dataclasses.asdict(bar) | {"sign": bar.sign} | held_to(bar, series, bar.theirs)
        if bar.theirs + ON_OUR_DDL in series:
            found["on_our_ddl"] = held_to(bar, series, bar.theirs + ON_OUR_DDL)
        judged.append(found)
    return judged


def exit_status(judged):
    """1: a bar is missed; 4: one could not be measured, which says less.

    >>> exit_status([{"verdict": "met"}]), exit_status([{"verdict": "met"}, {"verdict": "MISSED"}])
    (0, 1)
    >>> exit_status([{"verdict": "MISSED"}, {"verdict": "not measured"}])
    4
    """
    verdicts = {bar["verdict"] for bar in judged}
    return 4 if "not measured" in verdicts else 1 if "MISSED" in verdicts else 0
