"""What a whole class shows: the middle and the spread of each lesson, and where most stumble."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from chatkit.classroom.grades import ClassGrades
from chatkit.grading.explain.ranking import title_of
from chatkit.grading.verdict import Cause, Verdict

SHOWN = 5  # of the checks that most often failed


@dataclass(frozen=True)
class Stumble:
    """A check that some of the class failed."""

    lesson: str
    id: str
    title: str
    failed: int  # students
    tried: int  # students for whom it was not skipped
    cause: str  # the cause that was likely for most of them; empty when none is known

    @property
    def words(self) -> str:
        """One line: how many, and what."""
        return f"{self.failed} of {self.tried} fail: {self.title}"


@dataclass(frozen=True)
class LessonStatistics:
    """One lesson in numbers, in points. The quartiles of fewer than two grades are the median."""

    lesson: str
    title: str
    graded: int  # students
    max: float
    median: float
    lower: float  # a quarter of the class has less
    upper: float  # a quarter of the class has more
    full: int  # students with all points
    stumbles: tuple[Stumble, ...]  # the checks that most often failed, the worst first


def statistics_of(grades: ClassGrades) -> tuple[LessonStatistics, ...]:
    """The statistics of each lesson that somebody has a grade in, in the order of the course."""
    found = []
    for lesson in grades.measured():
        rows = [row.lessons[lesson.name] for row in grades.students]
        counted = [one.grade for one in rows if one.grade and one.cell is not None]
        if not counted:
            continue
        lower, middle, upper = quartiles([grade.points for grade in counted])
        found.append(
            LessonStatistics(
                lesson=lesson.name,
                title=lesson.title,
                graded=len(counted),
                max=max(grade.max for grade in counted),
                median=middle,
                lower=lower,
                upper=upper,
                full=sum(grade.points >= grade.max for grade in counted),
                stumbles=stumbles(
                    lesson.name, (verdict.checks for verdict in grades.graded(lesson.name))
                ),
            )
        )
    return tuple(found)


def most_failed(statistics: Iterable[LessonStatistics], count: int = SHOWN) -> tuple[Stumble, ...]:
    """The checks of all lessons that the largest part of the class failed, the worst first."""
    every = [one for lesson in statistics for one in lesson.stumbles]
    return tuple(sorted(every, key=lambda one: -one.failed / one.tried)[:count])


def stumbles(lesson: str, students: Iterable[Sequence[Verdict]]) -> tuple[Stumble, ...]:
    """The checks of one lesson that somebody failed, those that most failed first."""
    tried: Counter[str] = Counter()
    failed: dict[str, list[Verdict]] = {}
    for checks in students:
        for check in checks:
            if check.status != "skipped":
                tried[check.id] += 1
            if check.status == "failed":
                failed.setdefault(check.id, []).append(check)
    found = [
        Stumble(lesson, id, those[0].title, len(those), tried[id], _commonest(those))
        for id, those in failed.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.failed, one.id)))


def quartiles(points: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile of at least one number."""
    if len(points) < 2:
        return points[0], points[0], points[0]
    lower, _, upper = quantiles(points, n=4, method="inclusive")
    return round(lower, 2), round(median(points), 2), round(upper, 2)


def cause_of(check: Verdict) -> Cause | None:
    """The cause that the student was told; None where none is known."""
    told = (cause for cause in check.causes if cause.sentence == check.likely)
    return next(told, check.causes[0] if check.causes else None)


def _commonest(verdicts: Sequence[Verdict]) -> str:
    """What most of these have in common: a misconception, or else the same words."""
    names = Counter(cause.name for one in verdicts if (cause := cause_of(one)))
    for name, count in names.most_common(1):
        if title := title_of(name):
            return f"{count} of them: {title}"
    causes = Counter(verdict.likely for verdict in verdicts if verdict.likely)
    return causes.most_common(1)[0][0] if causes else ""
