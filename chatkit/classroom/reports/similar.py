"""The pages about similar programs: one of all pairs, one for each pair with both programs.

They point at what to look at. They judge nobody.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatkit._files import file_names, write_whole
from chatkit.classroom.reports.page import template
from chatkit.classroom.similar import IN_A_ROW, LEAST, Findings, Pair, Side

OVERVIEW = "similar.html"
PAGES = 500  # a class that copied one program makes thousands of pairs; nobody reads them


@dataclass(frozen=True)
class SideView:
    """One program of a pair, as a page shows it: lines of parts, each alike or not."""

    side: Side
    lines: tuple[tuple[tuple[str, bool], ...], ...]


def write_similar(findings: Findings, folder: Path) -> list[Path]:
    """Write `similar.html`, and a page for each of the first pairs into `similar/`.

    Returns the files, the overview first. Raises WriteError.
    """
    shown = findings.pairs[:PAGES]
    names = file_names(
        ((_key(pair), f"{pair.lesson} {pair.first.name} {pair.second.name}") for pair in shown),
        ".html",
    )
    pages = [f"similar/{names[_key(pair)]}" for pair in shown]
    overview = template("similar.html").render(
        findings=findings,
        rows=list(zip(shown, pages, strict=True)),
        more=len(findings.pairs) - len(shown),
        in_a_row=IN_A_ROW,
        least=LEAST,
        percent=percent,
    )
    written = [write_whole(folder / OVERVIEW, overview)]
    for pair, page in zip(shown, pages, strict=True):
        written.append(write_whole(folder / page, pair_page(pair)))
    return written


def pair_page(pair: Pair) -> str:
    """Both programs side by side; what is alike is marked."""
    sides = [
        SideView(side, tuple(lines(side.text, side.alike))) for side in (pair.first, pair.second)
    ]
    return template("similar_pair.html").render(
        pair=pair, sides=sides, back=f"../{OVERVIEW}", percent=percent
    )


def percent(share: float) -> str:
    """A share in whole per cent, for people: 0.996 is 99 %, for only all is 100."""
    return f"{int(100 * share + 1e-6)} %"


def lines(text: str, alike: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[str, bool], ...]]:
    """The lines of a text, each in parts, with whether the part lies in one of the spans `alike`.

    The spans are in order. The space before a line's first word belongs to none.
    """
    spans = deque(alike)
    at = 0
    for line in text.removesuffix("\n").split("\n"):
        end = at + len(line)
        first = end - len(line.lstrip())
        parts: list[tuple[str, bool]] = []
        while spans and spans[0][0] < end:
            start, stop = max(spans[0][0], first), min(spans[0][1], end)
            if start < stop:
                parts += [(text[at:start], False), (text[start:stop], True)]
                at = stop
            if spans[0][1] > end:
                break  # the next line has the rest of it
            spans.popleft()
        parts.append((text[at:end], False))
        yield tuple(part for part in parts if part[0])
        at = end + 1


def _key(pair: Pair) -> str:
    return "\n".join((pair.lesson, pair.program, pair.first.student, pair.second.student))
