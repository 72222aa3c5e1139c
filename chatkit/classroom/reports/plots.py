"""Where the bars and the squares of the plots stand. The templates draw them, in pixels."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatkit.classroom.grades import ClassGrades
from chatkit.grading.verdict import Status

BARS = 10
BAR, GAP, HIGHEST = 26, 4, 100
SQUARE, LABEL, HEAD = 16, 170, 120
LONGEST_LABEL = 24


@dataclass(frozen=True)
class Bar:
    """One bar: so many students have between `low` and `high` percent."""

    x: int
    y: float
    width: int
    height: float
    count: int
    low: int
    high: int


@dataclass(frozen=True)
class Distribution:
    """How the points of one lesson, or of all, are spread over the class."""

    title: str
    students: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Square:
    """What one student has in one check."""

    x: int
    check: str
    title: str
    status: Status


@dataclass(frozen=True)
class Line:
    """One student in a heat map."""

    id: str
    y: int
    name: str
    label: str  # the name, shortened
    squares: tuple[Square, ...]


@dataclass(frozen=True)
class HeatMap:
    """The checks of one lesson, from left to right, by students, from top to bottom."""

    title: str
    width: int
    height: int
    heads: tuple[tuple[int, str], ...]  # x and id of each check
    lines: tuple[Line, ...]


def distributions(grades: ClassGrades) -> list[Distribution]:
    """One plot a lesson, and one for the total. Lessons nobody has a grade in are left out."""
    shares: dict[str, list[float]] = {}
    lessons = grades.measured()
    for row in grades.students:
        for lesson in lessons:
            one = row.lessons[lesson.name]
            if one.grade and one.cell is not None:
                shares.setdefault(lesson.name, []).append(one.grade.share)
        if row.total and not row.total.empty:
            shares.setdefault("total", []).append(row.total.share)
    order = [*(lesson.name for lesson in grades.lessons), "total"]
    return [distribution(name, shares[name]) for name in order if name in shares]


def distribution(title: str, shares: list[float]) -> Distribution:
    """The bars for parts of all points; 1 and more falls into the last bar."""
    counts = [0] * BARS
    for share in shares:
        counts[min(BARS - 1, int(share * BARS))] += 1
    unit = HIGHEST / max(1, *counts)
    step = 100 // BARS
    bars = [
        Bar(
            x=number * (BAR + GAP),
            y=HIGHEST - count * unit,
            width=BAR,
            height=count * unit,
            count=count,
            low=number * step,
            high=(number + 1) * step,
        )
        for number, count in enumerate(counts)
    ]
    return Distribution(title, len(shares), tuple(bars))


def heat_maps(grades: ClassGrades) -> list[HeatMap]:
    """One map for each lesson that somebody was graded in."""
    return [
        _heat_map(grades, lesson.name, f"{lesson.name}: {lesson.title}")
        for lesson in grades.lessons
        if grades.graded(lesson.name)
    ]


def _heat_map(grades: ClassGrades, lesson: str, title: str) -> HeatMap:
    checks = {one.id: one.title for found in grades.graded(lesson) for one in found.checks}
    place = {id: LABEL + number * SQUARE for number, id in enumerate(checks)}
    lines: list[Line] = []
    for row in grades.students:
        if not (found := row.lessons[lesson].verdict):
            continue
        squares = [Square(place[one.id], one.id, one.title, one.status) for one in found.checks]
        name = row.student.name or row.student.id
        lines.append(
            Line(row.student.id, HEAD + len(lines) * SQUARE, name, _short(name), tuple(squares))
        )
    width = LABEL + len(checks) * SQUARE + HEAD // 2  # the last head leans out to the right
    return HeatMap(title, width, HEAD + len(lines) * SQUARE, _heads(place), tuple(lines))


def _heads(place: Mapping[str, int]) -> tuple[tuple[int, str], ...]:
    return tuple((x, id) for id, x in place.items())


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"
