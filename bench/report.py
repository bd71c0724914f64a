"""bench/RESULTS.md and its plots, from what the parts have found. A part replaces its own section of it."""

from __future__ import annotations

import os
import platform
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import django

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "RESULTS.md"
INTRODUCTION = (
    "# Results\n\nMade by `make bench` ([how, and what it means](README.md)); every figure of a section is from one "
    "run. CPU time is that of the Python process, in µs: the median, the quartiles in parentheses."
)
SECTIONS = {
    "links": "Links and access tokens",
    "clicks": "Twenty clicks at once on a link that works once",
    "orders": "Two clicks, in every order of their statements",
    "scale": "Scale",
    "sending": "Sending",
}
LATCHKEY = "Latchkey"

Findings = list[dict[str, Any]]
Table = list[list[str]]


def write(results: dict[str, Findings]) -> None:
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = dict(re.findall(r"^## (.+)\n\n((?:(?!## ).*\n?)*)", old, re.MULTILINE))
    for part, found in results.items():
        if found:
            body = [describe_machine(found), *globals()[f"show_{part}"](found), *show_checks(found)]
            sections[SECTIONS[part]] = "\n\n".join(body)
    written = [f"## {title}\n\n{sections[title].strip()}" for title in SECTIONS.values() if title in sections]
    RESULTS.write_text("\n\n".join([INTRODUCTION, *written]) + "\n", encoding="utf-8")
    print(f"written: {RESULTS.relative_to(FOLDER.parent)}")


def describe_machine(found: Findings) -> str:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = set(re.findall(r"^model name\s*: (.+)$", info, re.MULTILINE)) or {platform.processor()}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d}: {os.cpu_count()} cores, {', '.join(models)}, {platform.system()}; "
        f"Python {platform.python_version()}, Django {django.__version__}, "
        f"{', '.join(each['database'] for each in found)}; load at the end {load:.1f}."
    )


def show_links(found: Findings) -> list[str]:
    tables, plotted = [], []
    by_what = {row["what"]: {} for each in found for row in each["rows"]}
    for each in found:
        for row in each["rows"]:
            by_what[row["what"]][short_name(each)] = row["contestants"]
    table: Table = [["", ""]]
    for each in found:
        name = short_name(each)
        table[0] += [f"{name}, µs", f"Latchkey to it, {name}", "queries"]
    for what, by_database in by_what.items():
        for number, contestant in enumerate(next(iter(by_database.values()))):
            line = [f"**{what}**" if number == 0 else "", contestant["name"]]
            for each in found:
                cell = by_database.get(short_name(each), [])[number : number + 1]
                line += figures(cell[0]) if cell else ["", "", ""]
            table.append(line)
    tables.append(markdown(table))
    lengths = [[each["name"], str(each["length"])] for each in found[0]["lengths"]]
    tables.append(markdown([["a token of", "characters"], *lengths]))
    for what in ("A link used, mode REQUEST", "Sign-in, mode SESSION, from click to session"):
        bars = next(iter(by_what.get(what, {"": []}).values()))
        plotted += [(what, bar["name"], bar["median"]) for bar in bars]
    path = FOLDER / "links.svg"
    path.write_text(bars_svg("CPU time of one request, ms", [(g, n, v / 1000) for g, n, v in plotted]), "utf-8")
    return ["![CPU time of a link used and of a sign-in](links.svg)", *tables]


def figures(one: dict[str, Any]) -> list[str]:
    ratio = "" if one["name"] == LATCHKEY else f"{one['ratio']:.2f}"
    spread = f"{number(one['median'])} ({number(one['low'])} to {number(one['high'])})"
    return [spread, ratio, str(one["queries"])]


def show_clicks(found: Findings) -> list[str]:
    table: Table = [["rounds: how many got in", *(short_name(each) for each in found)]]
    for races in zip(*(each["races"] for each in found), strict=True):
        table.append([races[0]["name"], *(span(race["won"]) for race in races)])
    of = found[0]["clicks"]
    last = found[-1]
    bars = [
        (f"of {of} clicks at once, {short_name(last)}", r["name"], sum(r["won"]) / len(r["won"])) for r in last["races"]
    ]
    title = f"How many of {of} clicks at once get in through a link that works once"
    (FOLDER / "clicks.svg").write_text(bars_svg(title, [("", name, value) for _, name, value in bars]), "utf-8")
    rounds = len(found[0]["races"][0]["won"])
    return [
        f"![{title}](clicks.svg)",
        f"{of} threads, each with a connection of its own, open one link together; {rounds} rounds each.",
        markdown(table),
    ]


def show_orders(found: Findings) -> list[str]:
    lines = [[each["name"], f"{each['orders']:,}", f"{each['twice']:,}"] for each in found[0]["orders"]]
    return [markdown([["", "orders", "let both in"], *lines])]


def show_scale(found: Findings) -> list[str]:
    [only] = found
    sizes = only["sizes"]
    table: Table = [["", *(f"{size:,} tokens" for size in sizes)]]
    for name, by_size in only["times"].items():
        table.append([name, *(milliseconds(by_size[str(size)]) for size in sizes)])
    weights = [[name, *(f"{by_size[str(size)]:.0f}" for size in sizes)] for name, by_size in only["bytes"].items()]
    title = "Wall time by the number of tokens, ms"
    curves = {name: [only["times"][name][str(size)][1] for size in sizes] for name in only["plotted"]}
    (FOLDER / "scale.svg").write_text(curves_svg(title, sizes, curves), "utf-8")
    return [
        f"![{title}](scale.svg)",
        markdown(table),
        markdown([["bytes for each row", *table[0][1:]], *weights]),
    ]


def show_sending(found: Findings) -> list[str]:
    lines = [[short_name(each), *line] for each in found for line in each["lines"]]
    return [markdown([["", "", "emails a second", "to the bare loop", "what came of it"], *lines])]


def show_checks(found: Findings) -> list[str]:
    checks = [(short_name(each), check) for each in found for check in each["checks"]]
    missed = [[c["what"], name, c["figure"], c["most"]] for name, c in checks if not c["passed"]]
    held = f"{len(checks) - len(missed)} of {len(checks)} limits were held."
    return [held, markdown([["missed", "", "found", "at most"], *missed])] if missed else [held]


def short_name(each: dict[str, Any]) -> str:
    return str(each["database"].partition(" ")[0])


def markdown(table: Table) -> str:
    head, *lines = table
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def number(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def milliseconds(times: list[float]) -> str:
    low, median, high = times
    return (
        f"{median:,.2f} ({low:,.2f} to {high:,.2f})" if median < 100 else f"{median:,.0f} ({low:,.0f} to {high:,.0f})"
    )


def span(values: list[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else f"{min(values)} to {max(values)}"


STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}.bar{fill:#8c959f}"
    ".ours{fill:#0969da}.line{stroke:#8c959f;fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7681}.ours{fill:#4493f8}}"
)


def bars_svg(title: str, bars: list[tuple[str, str, float]]) -> str:
    """Bars by group, the name at the left and the figure at the end."""
    left, width, height, longest = 250, 700, 24, max(value for _, _, value in bars)
    parts, y, group = [], 50, ""
    for heading, name, value in bars:
        if heading != group:
            group, y = heading, y + 24
            parts.append(f'<text x="10" y="{y - 8}">{escape(heading)}</text>')
        length = max(1.0, value / longest * (width - left - 70))
        kind = "ours" if name.startswith(LATCHKEY) else "bar"
        parts.append(f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="{kind}" x="{left}" y="{y + 3}" width="{length:.0f}" height="16" rx="2"/>')
        parts.append(f'<text x="{left + length + 8:.0f}" y="{y + 15}">{value:.3g}</text>')
        y += height
    return svg(width, y + 10, title, parts)


def curves_svg(title: str, sizes: list[int], curves: dict[str, list[float]]) -> str:
    """A line for each name; both axes are logarithmic."""
    from math import log10

    left, top, width, height = 60, 50, 700, 360
    across = [log10(size) for size in sizes]
    values = [value for curve in curves.values() for value in curve]
    low, high = log10(min(values)) - 0.1, log10(max(values)) + 0.1

    def x(value: float) -> float:
        return left + (value - across[0]) / (across[-1] - across[0]) * (width - left - 260)

    def y(value: float) -> float:
        return top + (high - log10(value)) / (high - low) * (height - top - 40)

    parts = [
        f'<text x="{x(each):.0f}" y="{height - 12}" text-anchor="middle">{10**each:,.0f}</text>' for each in across
    ]
    free = float("inf")
    for name, curve in sorted(curves.items(), key=lambda item: item[1][-1]):
        points = " ".join(f"{x(a):.0f},{y(v):.0f}" for a, v in zip(across, curve, strict=True))
        parts.append(f'<polyline class="line" points="{points}"/>')
        # One name below the other where the lines end together.
        free = min(y(curve[-1]) + 4, free - 16)
        parts.append(f'<text x="{x(across[-1]) + 8:.0f}" y="{free:.0f}">{escape(name)}: {curve[-1]:.3g}</text>')
        parts.append(f'<text x="{left - 6}" y="{y(curve[0]) + 4:.0f}" text-anchor="end">{curve[0]:.3g}</text>')
    return svg(width, height, title, parts)


def svg(width: int, height: int, title: str, parts: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title)}"><style>{STYLE}</style><text class="title" x="10" y="26">{escape(title)}</text>'
    )
    return "\n".join([head, *parts, "</svg>\n"])
