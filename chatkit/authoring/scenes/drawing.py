"""A scene as SVG: a lane for each program, time from top to bottom.

It shows the same as `chatkit.bench.sequence` does in a terminal, and takes the words at the arrows
from there. The classes are styled in `docs/assets/wire.css`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from textwrap import wrap

from chatkit.authoring.scenes.storyboard import Moment, SceneStep
from chatkit.bench.sequence import wording
from chatkit.bench.transcript import Event

WIDTH = 350  # all numbers here are pixels of the SVG, unless they say something else
LEFT, RIGHT = 46, 316  # the first and the last lane
TOP = 30  # where the lanes begin, below the names
ARROW, LINE, PAUSE = 30, 15, 8  # heights: an arrow with its words, a line of text, between steps
LETTER = 6.65  # width of one letter of the words at the arrows
LONGEST = 46  # letters at an arrow
REMARK = 44  # letters in a line of a remark
MARGIN = 4
GAP = 20  # between the two sides of a still picture
HEAD = 34


@dataclass(frozen=True)
class Row:
    """A part of a step, drawn from y = 0 down."""

    height: int
    svg: str


def side(
    steps: Sequence[SceneStep], which: str, cast: Sequence[str], program: str
) -> tuple[int, list[str]]:
    """Height and elements of one side. A step stands at the same height on both sides."""
    gap = (RIGHT - LEFT) / max(1, len(cast) - 1)
    place = {who: round(LEFT + number * gap) for number, who in enumerate(cast)}
    body: list[str] = []
    y = end = TOP + PAUSE
    for number, step in enumerate(steps, start=1):
        both = {
            "right": rows_of(step.right, place, ()),
            "wrong": rows_of(step.wrong, place, strange(step, program)),
        }
        if rows := both[which]:
            body += drawn(rows, number, y)
            end = y + sum(row.height for row in rows) + PAUSE
        y += PAUSE + max(sum(row.height for row in rows) for rows in both.values())
    return end, [*lanes(place, program, end), *body]


def lanes(place: dict[str, int], program: str, end: int) -> Iterator[str]:
    for who, x in place.items():
        own = who == program.removesuffix(".py")
        kind = "wire-name wire-program" if own else "wire-name"
        yield f'<line class="wire-lane" x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{end}"/>'
        yield text(program if own else who, x, TOP - 14, kind, "middle")


def drawn(rows: Sequence[Row], number: int, y: int) -> Iterator[str]:
    """The rows of a step, from `y` down; the first one has the number of the step."""
    if not rows:
        return
    yield f'<g class="wire-step" data-step="{number}">'
    yield text(str(number), MARGIN, y + 20, "wire-number", "start")
    for row in rows:
        yield f'<g transform="translate(0 {y})">{row.svg}</g>'
        y += row.height
    yield "</g>"


def strange(step: SceneStep, program: str) -> list[Event]:
    """What the wrong program sends in this step, and the right one does not."""
    expected = {(one.target, one.bytes) for one in step.right.events} if step.right else set()
    return [
        one
        for one in (step.wrong.events if step.wrong else ())
        if one.kind == "data" and one.source == program.removesuffix(".py")
        if (one.target, one.bytes) not in expected
    ]


def rows_of(moment: Moment | None, place: dict[str, int], wrong: Collection[Event]) -> list[Row]:
    """What a moment needs, from top to bottom; the events in `wrong` in the colour of a mistake."""
    if not moment:
        return []
    rows: list[Row] = []
    for event in moment.events:
        shown = note(event, place) if event.kind == "note" else arrow(event, place)
        if event in wrong:
            shown = f'<g class="wire-strange">{shown}</g>'
        rows.append(Row(ARROW, shown))
        if event.text and event.kind == "data":
            rows += remark(f"↑ {event.text}")
    if not moment.events:
        rows.append(Row(ARROW, aside("nothing arrives", 20)))
    if moment.waited_in_vain:
        rows.append(Row(LINE + 6, aside("nothing else arrives", 14)))
    if moment.goes_on:
        rows.append(Row(LINE, aside("⋮ and so on, line after line", 11)))
    if moment.ends:
        rows += remark(f"✗ {moment.ends}")
    return rows


def remark(words: str) -> list[Row]:
    return [Row(LINE, aside(line, 10, "wire-bad")) for line in wrap(words, REMARK)]


def aside(words: str, y: int, kind: str = "wire-nothing") -> str:
    """A text in the middle, about all lanes."""
    return text(words, WIDTH // 2, y, kind, "middle")


def arrow(event: Event, place: dict[str, int]) -> str:
    """An arrow from lane to lane, what stands at it, and its head: a cross where nothing came."""
    start, end = place[event.source], place[event.target]
    way = 1 if end > start else -1
    broken = event.kind in ("missing", "reset", "refused")
    tip = end - way * 2
    stop = tip - way * (10 if broken else 7)
    kind = "wire-arrow wire-broken" if broken else "wire-arrow"
    dashed = " wire-dashed" if event.kind == "missing" else ""
    line = f'<line class="{kind}{dashed}" pathLength="1" x1="{start}" y1="22" x2="{stop}" y2="22"/>'
    if broken:
        x = tip - way * 5
        head = f'<path class="{kind} wire-head" d="M{x - 4} 18l8 8m0 -8l-8 8"/>'
    else:
        back = tip - way * 8
        head = f'<path class="wire-point wire-head" d="M{tip} 22L{back} 18V26Z"/>'
    words = wording(event)
    if len(words) > LONGEST and event.kind == "missing":
        words = wording(replace(event, kind="data"))
    anchor = "start" if way > 0 else "end"
    return line + head + text(words, start + way * 6, 15, "wire-words-at", anchor, LETTER)


def note(event: Event, place: dict[str, int]) -> str:
    """Something that a peer does by itself, at its lane."""
    x = place[event.source]
    at, anchor = (x + 9, "start") if x < WIDTH / 2 else (x - 9, "end")
    dot = f'<circle class="wire-point" cx="{x}" cy="20" r="4"/>'
    return dot + text(event.text, at, 24, "wire-words-at", anchor, LETTER)


def text(words: str, x: int, y: int, kind: str, anchor: str, letter: float = 0) -> str:
    """A text; with the width of a `letter` given, it is moved until it fits into the picture."""
    if letter:
        width = min(len(words), LONGEST) * letter
        words = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
        lowest = MARGIN + 12 + (width if anchor == "end" else 0)
        highest = WIDTH - MARGIN - (width if anchor == "start" else 0)
        x = round(min(max(x, lowest), highest))
    place = f'x="{x}" y="{y}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words, quote=False)}</text>'


def svg(
    steps: Sequence[SceneStep], which: str, cast: Sequence[str], program: str, name: str
) -> Iterator[str]:
    """One side as an SVG element of a page. `name` is read out in place of the picture."""
    height, body = side(steps, which, cast, program)
    yield (
        f'<svg class="wire-svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(name)}">'
    )
    yield from body
    yield "</svg>"


def still(
    steps: Sequence[SceneStep], cast: Sequence[str], program: str, title: str, style: str
) -> str:
    """Both sides as one file: the picture in a README, on a site that shows no script."""
    heights: list[int] = []
    parts: list[str] = []
    for number, (which, head) in enumerate((("right", "✓ Right"), ("wrong", "✗ Wrong"))):
        height, body = side(steps, which, cast, program)
        heights.append(height)
        x = number * (WIDTH + GAP)
        parts += [
            f'<g transform="translate({x} 0)">',
            text(head, WIDTH // 2, 20, f"wire-title wire-{which}", "middle"),
            f'<g transform="translate(0 {HEAD})">',
            *body,
            "</g>",
            "</g>",
        ]
    width, height = 2 * WIDTH + GAP, HEAD + max(heights) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' width="{width}" height="{height}" aria-label="{escape(title)}">',
        f"<style>\n{style.strip()}\n</style>",
        f'<rect class="wire-paper" width="{width}" height="{height}"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
