"""Runs the micro-benchmarks (bench/micro/), every round in a process of its own: then a benchmark's rounds are spread
over the whole time, as the others' are."""
import os
import re

from testbed import answers, run, say

# Alone in its process: memory that another one freed would be used again unseen.
BY_THEMSELVES = ("memory_bare_sqlite", "memory_buffered")
# Two of the bars are quotients of these, and a machine that others share changes its pace from second to second.
OF_ADD = "^(bare_sqlite|add)"
PAIRS_OF_ADD = 3  # a round


def plain_name(name):
    """
    >>> plain_name("add_threads/2/iterations:1/manual_time"), plain_name("encode")
    ('add_threads/2', 'encode')
    """
    return re.sub(r"/(iterations:\d+|manual_time|real_time)", "", name)


def measured(benchmark):
    """What is kept of what Google Benchmark writes; for `seconds` one row's worth stands for all."""
    if "resident_bytes_per_row" in benchmark:
        return {"resident_bytes_per_row": benchmark["resident_bytes_per_row"],
                "cache_used_bytes_per_row": benchmark["cache_used_bytes_per_row"]}
    return {"entries": 1, "seconds": 1 / benchmark["items_per_second"]}


def run_filtered(bed, benchmarks):
    output, _ = run([bed.program("forebay_micro"), "--benchmark_format=json", "--benchmark_min_time=0.1",
                     "--benchmark_enable_random_interleaving=true", f"--benchmark_filter={benchmarks}"], bed.environment)
    return answers(output)["benchmarks"]


def measure_micro(bed, rounds, results):
    """Runs by benchmark into `results`, one a round, of add() several."""
    os.makedirs(bed.environment["BENCH_SCRATCH"], exist_ok=True)
    without_server = [OF_ADD] * PAIRS_OF_ADD + ["^(commit|seal|drain|encode)"] + [f"^{name}/" for name in BY_THEMSELVES]
    # What the server does after a sink's batches (it checkpoints, it vacuums), and the file system after a database was
    # dropped, is not to be in the others' time.
    for what, filters in (("buffering", without_server), ("sinks", ["^sink/"])):
        for number in range(rounds):
            if what == "sinks":
                bed.fresh_database()
            os.sync()
            for benchmarks in filters:
                for benchmark in run_filtered(bed, benchmarks):
                    results.setdefault(plain_name(benchmark["name"]), []).append(measured(benchmark))
            say(f"round {number + 1}/{rounds}  micro-benchmarks: {what}")
