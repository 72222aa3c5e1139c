"""Where the bars of the plots stand, in pixels, and the marks of the maps. Templates draw them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chatkit.classroom.grades import ClassGrades
from chatkit.grading.verdict import Status

BARS = 10
BAR, GAP, HIGHEST = 26, 4, 100
MARKS: Mapping[Status, str] = {"passed": "✓", "failed": "×", "not_reached": "·", "skipped": "–"}
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
class MapCheck:
    """One column of a map."""

    id: str
    title: str
    failed: int  # students
    tried: int  # students for whom it was not skipped


@dataclass(frozen=True)
class Line:
    """One student in a map: a mark for each check."""

    id: str
    label: str  # the name, shortened
    marks: str


@dataclass(frozen=True)
class HeatMap:
    """The checks of one lesson, from left to right, by students, from top to bottom."""

    title: str
    checks: tuple[MapCheck, ...]
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
    found = grades.graded(lesson)
    titles = {one.id: one.title for verdict in found for one in verdict.checks}
    statuses = Counter((one.id, one.status) for verdict in found for one in verdict.checks)
    checks = tuple(
        MapCheck(
            id,
            titles[id],
            statuses[id, "failed"],
            sum(statuses[id, status] for status in ("passed", "failed", "not_reached")),
        )
        for id in titles
    )
    lines = []
    for row in grades.students:
        if verdict := row.lessons[lesson].verdict:
            by_id = {one.id: MARKS[one.status] for one in verdict.checks}
            marks = "".join(by_id.get(id, " ") for id in titles)
            lines.append(Line(row.student.id, _short(row.student.name or row.student.id), marks))
    return HeatMap(title, checks, tuple(lines))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"
