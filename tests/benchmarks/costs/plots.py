"""Where lines and marks of a plot stand. `plot.svg` draws them.

Both axes are logarithmic: each step to the next power of ten is as wide as the one before.
"""

import math
from dataclasses import dataclass

from costs.figures import DESIGNS, FIGURES, Costs, Figure, Values

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 66, 430, 42, 252  # edges of the field with the lines
INSET = 30  # from the edges of the field to the first and the last crowd
DECADES = 2.0  # with more than these, only powers of ten get a line across

Lines = dict[str, list[tuple[int, Values]]]  # design -> the size of a crowd, and what it gave


@dataclass(frozen=True)
class Tick:
    """One number beside an axis."""

    place: float
    label: str


@dataclass(frozen=True)
class Point:
    """One crowd of one design: the middle of all rounds, and their range."""

    x: float
    y: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Plot:
    """One figure of all designs over the sizes of the crowds, in the units of the drawing."""

    title: str
    words: str  # what it shows, for those who do not see it
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    lines: dict[str, tuple[Point, ...]]  # design -> its points, from left to right


def plot(costs: Costs, title: str, name: str) -> Plot:
    """Draw one figure that every system tells; `title` says what it is, and its unit."""
    found = {
        design.name: [
            (clients, values)
            for clients in costs.crowds
            if (values := costs.values(name, design.name, clients))
        ]
        for design in DESIGNS
    }
    everything = [values for line in found.values() for _, values in line]
    numbers = ticks(min(v.least for v in everything), max(v.most for v in everything))
    x = Scale(costs.crowds[0], costs.crowds[-1], LEFT + INSET, RIGHT - INSET)
    y = Scale(numbers[0], numbers[-1], BOTTOM, TOP)

    def point(clients: int, values: Values) -> Point:
        return Point(x(clients), y(values.middle), y(values.least), y(values.most))

    return Plot(
        title,
        _in_words(title, FIGURES[name], costs, found),
        tuple(Tick(x(clients), f"{clients:,}") for clients in costs.crowds),
        tuple(Tick(y(value), f"{value:,.10g}") for value in numbers),
        {name: tuple(point(*one) for one in line) for name, line in found.items()},
    )


class Scale:
    """From a number to its place on a logarithmic axis."""

    def __init__(self, least: float, most: float, start: float, end: float) -> None:
        self.least, self.most, self.start, self.end = least, most, start, end

    def __call__(self, value: float) -> float:
        if self.most <= self.least:
            return (self.start + self.end) / 2
        share = math.log(value / self.least) / math.log(self.most / self.least)
        return round(self.start + share * (self.end - self.start), 1)


def ticks(least: float, most: float) -> list[float]:
    """Round numbers for an axis from at most `least` to at least `most`, both above 0."""
    steps = (1, 2, 5) if math.log10(most / least) < DECADES else (1,)
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    numbers = [float(f"{step}e{power}") for power in powers for step in steps]
    first = max(i for i, value in enumerate(numbers) if value <= least)
    last = min(i for i, value in enumerate(numbers) if value >= most)
    return numbers[first : last + 1]


def _in_words(title: str, figure: Figure, costs: Costs, found: Lines) -> str:
    """The plot for those who do not see it: every point of it."""
    crowds = [
        f"{clients:,} clients: "
        + ", ".join(f"{name} {figure.text(line[place][1].middle)}" for name, line in found.items())
        for place, clients in enumerate(costs.crowds)
    ]
    return f"{title}. With " + "; with ".join(crowds) + "."
