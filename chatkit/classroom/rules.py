"""The rules of a class: how verdicts become grades. `rulesfile` reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chatkit.classroom.gradebook import Adjustment
from chatkit.classroom.late.deadlines import Deadlines
from chatkit.grading.verdict import LessonVerdict, Verdict

UNSAID = ""  # the last one; of a clone, as it was at the deadline
LAST, BEST, ON_TIME = "last", "best", "last-on-time"
ATTEMPTS = (LAST, BEST, ON_TIME)  # which of several attempts counts
WHICH = {
    UNSAID: "Of several attempts the last one counts.",
    LAST: "Of several attempts the last one counts.",
    BEST: "Of several attempts the best one counts.",
    ON_TIME: "Of several attempts the last one in time counts, or the last one if none is.",
}


@dataclass(frozen=True)
class Grade:
    """Points of at most `max`, and in words how they came about."""

    points: float
    max: float  # 0 when nothing could be run
    how: tuple[str, ...] = ()
    excused: bool = False  # a person let the student off this lesson

    @property
    def empty(self) -> bool:
        """Whether there is nothing to grade: an empty cell, and no part of the total."""
        return self.max == 0

    @property
    def share(self) -> float:
        """The points as a part of all points; 1 is everything."""
        return self.points / self.max if self.max else 0.0


@dataclass(frozen=True)
class Rules:
    """The rules of one class. `Rules()` lets every verdict and every lesson count as it is."""

    weights: Mapping[str, float] = field(default_factory=dict)  # lesson -> weight; empty: none
    points: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # lesson -> check -> …
    full: Mapping[str, float] = field(default_factory=dict)  # lesson -> points of all its checks
    lessons: tuple[str, ...] = ()  # that count; empty: those that the runs asked for
    deadlines: Deadlines = field(default_factory=Deadlines)
    attempts: str = UNSAID
    hold: tuple[str, ...] = ()  # students whose grades do not go out yet

    @property
    def last_counts(self) -> bool:
        """Whether of several attempts nothing but the last one can count."""
        return self.attempts in (UNSAID, LAST)

    def grade(
        self,
        found: LessonVerdict,
        late: bool,
        adjustments: Sequence[Adjustment] = (),
        percent: float | None = None,
    ) -> Grade:
        """The grade of one lesson. First points a check, then the rule for late work, then
        adjustments; never below 0.

        `percent` is what this hand-in loses; without it, what all late work loses.
        """
        if percent is None:
            percent = self.deadlines.percent_off if late else 0.0
        points = most = 0.0
        changed: list[str] = []
        for check in found.checks:
            if not check.max_score:
                continue
            worth = self.worth(found.lesson, check)
            points += worth * check.score / check.max_score
            most += worth
            if worth != check.max_score:
                changed.append(f"{check.id} {number(worth)} instead of {check.max_score}")
        how = [f"points of this class: {', '.join(changed)}"] if changed else []
        skipped = sum(check.status == "skipped" for check in found.checks)
        if skipped:
            how.append(
                f"{skipped} skipped {_checks(skipped)} left out: this machine lacks something"
            )
        if not most and adjustments:
            most = self.full.get(found.lesson, 100.0)
        return self._adjusted(points, most, how, late, percent, adjustments)

    def worth(self, lesson: str, check: Verdict) -> float:
        """The points that a check can earn in this class; 0 when it was skipped."""
        given = self.points.get(lesson, {})
        return given.get(check.id, check.max_score) if check.max_score else 0.0

    def missing(
        self, lesson: str, adjustments: Sequence[Adjustment] = (), why: str = "nothing handed in"
    ) -> Grade:
        """The grade of a lesson that has no verdict; `why` says the reason."""
        return self._adjusted(0.0, self.full.get(lesson, 100.0), [why], False, 0.0, adjustments)

    def total(self, grades: Mapping[str, Grade]) -> Grade:
        """All lessons together: in points, or of 100 when the class gives weights.

        An empty grade is left out, as if the lesson did not exist.
        """
        counting = {lesson: grade for lesson, grade in grades.items() if not grade.empty}
        excused = [lesson for lesson, grade in grades.items() if grade.excused]
        left_out = [one for one in grades if one not in counting and one not in excused]
        how = [f"left out, nothing could be run: {', '.join(left_out)}"] if left_out else []
        how += [f"left out, excused: {', '.join(excused)}"] if excused else []
        if not self.weights:
            points = sum(grade.points for grade in counting.values())
            return Grade(_exact(points), _exact(sum(g.max for g in counting.values())), tuple(how))
        weight = {lesson: self.weights.get(lesson, 0.0) for lesson in counting}
        everything = sum(weight.values())
        how.append("weights: " + ", ".join(f"{name} {number(weight[name])}" for name in weight))
        if not everything:
            return Grade(0.0, 0.0, tuple(how))
        share = sum(weight[lesson] * grade.share for lesson, grade in counting.items())
        return Grade(_exact(100 * share / everything), 100.0, tuple(how))

    def words(self) -> tuple[str, ...]:
        """The rules as sentences, for the report of the class."""
        weights = ", ".join(f"{name} {number(value)}" for name, value in self.weights.items())
        said = [f"These lessons count: {', '.join(self.lessons)}."] if self.lessons else []
        said.append(
            f"The total is of 100. Each lesson counts by its weight: {weights}."
            if self.weights
            else "The total is the sum of the points of all lessons that count."
        )
        for lesson, checks in self.points.items():
            listed = ", ".join(f"{check} {number(worth)}" for check, worth in checks.items())
            said.append(f"Points of this class in {lesson}: {listed}.")
        if not self.last_counts:
            said.append(WHICH[self.attempts])
        said += self.deadlines.words()
        return tuple(said)

    def _adjusted(
        self,
        points: float,
        most: float,
        how: list[str],
        late: bool,
        percent: float,
        adjustments: Sequence[Adjustment],
    ) -> Grade:
        if late and percent and most:
            lost = points * percent / 100
            points -= lost
            how.append(f"late: {number(percent)} % off, {number(lost)} points")
        elif late and not self.deadlines.costs:
            how.append("late: this class takes nothing off")
        elif late:
            how.append("late: nothing off")
        for one in adjustments:
            points += one.points
            how.append(
                f"adjusted by {signed(one.points)}: {one.why} "
                f"({one.who}, {one.when.astimezone(self.deadlines.zone):%Y-%m-%d})"
            )
        return Grade(max(0.0, _exact(points)), _exact(most), tuple(how))


def number(value: float) -> str:
    """`value` with at most two decimals, and none that say nothing: 91, 72.8, 0.25."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def signed(value: float) -> str:
    """`value` with its sign: +5, -2.5."""
    return f"{'+' if value >= 0 else ''}{number(value)}"


def _exact(value: float) -> float:
    """`value` without the dust of adding binary fractions; grades have two decimals."""
    return round(value, 2) + 0.0


def _checks(count: int) -> str:
    return "check" if count == 1 else "checks"
