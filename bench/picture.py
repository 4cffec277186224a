"""Draws what bench/run.py has written: bars with their goals, the ways to PostgreSQL, and the curves.

    bench/picture.py run.json run.svg       the ending says the format; .png works, too
"""
import json
import statistics
import sys

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend first)
from matplotlib.ticker import FuncFormatter  # noqa: E402

import curves  # noqa: E402
import report  # noqa: E402

MET, MISSED, OURS, OTHERS, INK = "#2a7f62", "#c0392b", "#1f5fa8", "#9aa5b1", "#22282f"


def short_number(value, _=None):
    """10000000 is 10 M, 170000 is 170 k, 3999 is 4 k, 2500000 is 2.5 M."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            scaled = value / unit
            return f"{scaled:.1f}".removesuffix(".0") + name if scaled < 10 else f"{scaled:.0f}{name}"
    return f"{value:.0f}"


def draw_bars(axes, judged):
    """Each bar's ratio, its spread as a whisker, its goal as a tick across it."""
    shown = [bar for bar in judged if bar["ratios"]]
    right = max([bar["max"] for bar in shown] + [bar["goal"] for bar in shown], default=1) * 1.04
    for row, bar in enumerate(shown):
        colour = MET if bar["verdict"] == "met" else MISSED
        axes.barh(row, bar["median"], color=colour, height=0.55, alpha=0.85)
        axes.plot([bar["min"], bar["max"]], [row, row], color=INK, linewidth=1)
        axes.plot([bar["goal"]] * 2, [row - 0.42, row + 0.42], color=INK, linewidth=2.5)
    axes.set_yticks(range(len(shown)), [bar["what"] for bar in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, right)
    verdicts = axes.secondary_yaxis("right")
    verdicts.set_yticks(range(len(shown)), [f"{b['median']:.2f}  {b['sign']} {b['goal']:g}  {b['verdict']}" for b in shown])
    for label, bar in zip(verdicts.get_yticklabels(), shown):
        label.set_color(MET if bar["verdict"] == "met" else MISSED)
    verdicts.tick_params(length=0)
    verdicts.spines["right"].set_visible(False)
    axes.set_xlabel("ratio: median of the rounds; thin line: lowest to highest; thick mark: goal")
    axes.grid(axis="x", alpha=0.3)


def draw_ways(axes, results):
    rates = report.rates_of_ways(results)
    for row, (way, rate) in enumerate(rates):
        axes.barh(row, rate["median"], color=OURS if way.startswith("forebay") else OTHERS, height=0.6)
        axes.plot([rate["min"], rate["max"]], [row, row], color=INK, linewidth=1)
        axes.annotate(short_number(rate["median"]), (rate["max"], row), textcoords="offset points", xytext=(4, 0), va="center")
    axes.set_yticks(range(len(rates)), [way for way, _ in rates])
    axes.set_ylim(len(rates) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(short_number))
    axes.set_xlim(0, max(rate["max"] for _, rate in rates) * 1.06)
    axes.set_xlabel("entries/s")
    axes.set_title("A tree to PostgreSQL, and (dry run) to memory only", loc="left")
    axes.grid(axis="x", alpha=0.3)


def draw_files(axes, results, sizes):
    for name, label, colour in (("buffer", "buffering only", OURS), ("whole way", "into an empty table", MET)):
        points = curves.rates(results, name, sizes)
        if points:
            axes.plot(*zip(*points), marker="o", color=colour, label=label)
            for files, rate in points:
                axes.annotate(short_number(rate), (files, rate), textcoords="offset points", xytext=(0, 7), ha="center")
    axes.set_xscale("log")
    axes.set_xlim(sizes[0] / 2, sizes[-1] * 2)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.12)
    axes.set_xticks(sizes)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(short_number))
    axes.minorticks_off()
    axes.set_xlabel("files, logarithmic")
    axes.set_ylabel("rows/s")
    axes.set_title("By number of files", loc="left")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.99), ncols=2, frameon=False)  # above, out of the curves' way


def draw_threads(axes, results):
    """Beside it bare SQLite, each thread with a table of its own: what the machine gives."""
    for series, name, colour, shift in (("add_threads", "forebay", OURS, -0.2),
                                        ("bare_sqlite_threads", "bare SQLite", OTHERS, 0.2)):
        for at, threads in enumerate((1, 2, 4)):
            runs = results.get(f"{series}/{threads}")
            if not runs:
                continue
            rate = statistics.median(1 / report.cost(run) for run in runs)
            axes.bar(at + shift, rate, color=colour, width=0.38, label=name if at == 0 else None)
            axes.annotate(short_number(rate), (at + shift, rate), textcoords="offset points", xytext=(0, 4), ha="center")
    axes.set_xticks(range(3), ["1", "2", "4"])
    axes.set_ylim(0, axes.get_ylim()[1] * 1.12)
    axes.yaxis.set_major_formatter(FuncFormatter(short_number))
    axes.set_xlabel("threads")
    axes.set_ylabel("rows/s, all together")
    axes.set_title("Buffering by threads", loc="left")
    axes.legend(loc="upper left", frameon=False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def draw(written, path):
    """Panels of what was measured, one below the other, the curves side by side."""
    matplotlib.rcParams |= {"font.size": 9, "svg.fonttype": "path", "axes.spines.top": False, "axes.spines.right": False}
    sides = [name for name in ("curves", "micro") if name in written]
    inches = {"bars": 1.2 + 0.28 * len(written["bars"])}
    if "end_to_end" in written:
        inches["ways"] = 3.4
    if sides:
        inches["sides"] = 3.5
    figure = plt.figure(figsize=(11, sum(inches.values())), layout="constrained")
    # Figures of their own, so that the labels of one do not narrow the next.
    panels = figure.subfigures(len(inches), 1, height_ratios=list(inches.values()), squeeze=False)[:, 0]
    panel = dict(zip(inches, panels))
    machine = written["machine"]
    form = ", SHORT FORM" if written["short"] else ""
    title = f"forebay {machine['commit']}: {machine['cpus']} CPUs, {machine['time'][:10]}, {written['rounds']} rounds{form}"
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    draw_bars(panel["bars"].subplots(), written["bars"])
    if "ways" in panel:
        draw_ways(panel["ways"].subplots(), written["end_to_end"])
    if sides:
        side = dict(zip(sides, panel["sides"].subplots(1, len(sides), squeeze=False)[0]))
        if "curves" in side:
            draw_files(side["curves"], written["curves"], written["sizes"])
        if "micro" in side:
            draw_threads(side["micro"], written["micro"])
    figure.savefig(path)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        draw(json.load(file), sys.argv[2])
