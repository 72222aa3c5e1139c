"""docs/costs.md: the text of `page.md` with the figures in their places."""

from functools import partial
from pathlib import Path

import jinja2

from costs import plots
from costs.crowd import AHEAD, BLOCK, LINE
from costs.figures import DESIGNS, FIGURES, Costs

DATA = Path("assets", "costs.json")  # as seen from docs/

ROOM = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def costs_page(costs: Costs) -> str:
    """The text of docs/costs.md."""
    return ROOM.get_template("page.md").render(
        costs=costs,
        machine=costs.machine,
        designs=DESIGNS,
        most=costs.crowds[-1],
        line=LINE,
        ahead=AHEAD * BLOCK,
        data=DATA.as_posix(),
        summary=partial(summary, costs),
        table=partial(table, costs),
        plot=partial(plot, costs),
    )


def summary(costs: Costs, clients: int, **rows: str) -> str:
    """The figures of one crowd: one row for each figure, one column for each design."""
    lines = [f"| | {' | '.join(d.name for d in DESIGNS)} |", f"|---|{'---:|' * len(DESIGNS)}"]
    for name, words in rows.items():
        cells = [cell(costs, name, design.name, clients, ranged=False) for design in DESIGNS]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def table(costs: Costs, **columns: str) -> str:
    """One row for each crowd and design, with these figures under these heads."""
    lines = [
        f"| clients | server | {' | '.join(columns.values())} |",
        f"|---:|---|{'---:|' * len(columns)}",
    ]
    for clients, design in costs.cells():
        cells = [cell(costs, name, design.name, clients) for name in columns]
        lines.append(f"| {clients:,} | {design.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(costs: Costs, name: str, design: str, clients: int, *, ranged: bool = True) -> str:
    """One figure, with its range over all rounds; a dash where the system does not tell."""
    values = costs.values(name, design, clients)
    if values is None:
        return "–"
    middle, least, most = map(FIGURES[name].text, (values.middle, values.least, values.most))
    return f"{middle}<br><small>{least} to {most}</small>" if ranged and least != most else middle


def plot(costs: Costs, title: str, name: str) -> str:
    """One figure as a picture."""
    drawn = plots.plot(costs, title, name)
    text = ROOM.get_template("plot.svg").render(plot=drawn, field=plots)
    return "\n".join(line for line in text.splitlines() if line)  # a blank one would end it
