"""The rules of a class: how verdicts become grades. `class.toml` beside the submissions gives them.

    lessons = [1, 2]       # the lessons that count; without it, those that the runs asked for

    [weights]              # what each lesson counts in the total; all lessons, 0 for none
    01_echo = 1
    02_broadcast = 2

    [points.02_broadcast]  # what a check is worth; the checks that are not listed keep their points
    half-line = 20

    [late]                 # what late work loses; without this section, nothing
    percent_off = 10

Every entry may be left out, and so may the file.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any

from chatkit._errors import UserError
from chatkit.classroom.gradebook import Adjustment
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.verdict import LessonVerdict, Verdict

FILE = "class.toml"
ENTRIES = ("lessons", "weights", "points", "late")


class RulesError(UserError):
    """`class.toml` cannot be used; the message names the file, the entry and the cure."""


@dataclass(frozen=True)
class Grade:
    """Points of at most `max`, and in words how they came about."""

    points: float
    max: float  # 0 when nothing could be run
    how: tuple[str, ...] = ()

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
    percent_off: float = 0.0  # of what late work has earned
    full: Mapping[str, float] = field(default_factory=dict)  # lesson -> points of all its checks
    lessons: tuple[str, ...] = ()  # that count; empty: those that the runs asked for

    def grade(
        self, found: LessonVerdict, late: bool, adjustments: Sequence[Adjustment] = ()
    ) -> Grade:
        """The grade of one lesson. First points a check, then the rule for late work, then
        adjustments; never below 0."""
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
        return self._adjusted(points, most, how, late, adjustments)

    def worth(self, lesson: str, check: Verdict) -> float:
        """The points that a check can earn in this class; 0 when it was skipped."""
        given = self.points.get(lesson, {})
        return given.get(check.id, check.max_score) if check.max_score else 0.0

    def missing(
        self, lesson: str, adjustments: Sequence[Adjustment] = (), why: str = "nothing handed in"
    ) -> Grade:
        """The grade of a lesson that has no verdict; `why` says the reason."""
        return self._adjusted(0.0, self.full.get(lesson, 100.0), [why], False, adjustments)

    def total(self, grades: Mapping[str, Grade]) -> Grade:
        """All lessons together: in points, or of 100 when the class gives weights.

        An empty grade is left out, as if the lesson did not exist.
        """
        counting = {lesson: grade for lesson, grade in grades.items() if not grade.empty}
        left_out = [lesson for lesson in grades if lesson not in counting]
        how = [f"left out, nothing could be run: {', '.join(left_out)}"] if left_out else []
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
        said.append(
            f"Late work loses {number(self.percent_off)} % of its points."
            if self.percent_off
            else "Late work loses nothing."
        )
        return tuple(said)

    def _adjusted(
        self,
        points: float,
        most: float,
        how: list[str],
        late: bool,
        adjustments: Sequence[Adjustment],
    ) -> Grade:
        if late and self.percent_off and most:
            lost = points * self.percent_off / 100
            points -= lost
            how.append(f"late: {number(self.percent_off)} % off, {number(lost)} points")
        elif late:
            how.append("late: this class takes nothing off")
        for one in adjustments:
            points += one.points
            how.append(
                f"adjusted by {signed(one.points)}: {one.why} ({one.who}, {one.when:%Y-%m-%d})"
            )
        return Grade(max(0.0, _exact(points)), _exact(most), tuple(how))


def read_rules(folder: Path, course: Course) -> Rules:
    """The rules in `class.toml` of `folder`, the plain ones without it. Raises RulesError."""
    file = folder / FILE
    full = {lesson.name: float(sum(c.points for c in lesson.checks())) for lesson in course.lessons}
    try:
        facts = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Rules(full=full)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{file}: {error}. Fix this line, or take the file away") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"{file} cannot be read: {error}") from None
    reader = _Reader(file, course)
    reader.only("the file", facts, ENTRIES)
    points = reader.points(reader.section(facts, "points"))
    for lesson in points:
        checks = course.lesson(lesson).checks()
        full[lesson] = float(sum(points[lesson].get(one.id, one.points) for one in checks))
    return Rules(
        weights=reader.weights(reader.section(facts, "weights")),
        points=points,
        percent_off=reader.late(reader.section(facts, "late")),
        full=full,
        lessons=reader.lessons(facts.get("lessons")),
    )


@dataclass(frozen=True)
class _Reader:
    """Reads the sections of one file, and complains in words."""

    file: Path
    course: Course

    def wrong(self, entry: str, trouble: str) -> RulesError:
        return RulesError(f"{self.file}: {entry}: {trouble}")

    def only(self, entry: str, facts: Mapping[str, Any], known: Iterable[str]) -> None:
        known = list(known)
        for name in facts:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                guess = (
                    f". Did you mean {near[0]}?" if near else f". It may have {', '.join(known)}"
                )
                raise self.wrong(entry, f"there is no {name!r}{guess}")

    def section(self, facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        found = facts.get(name, {})
        if not isinstance(found, dict):
            raise self.wrong(name, f"this is a section: write it as [{name}]")
        return found

    def number(self, entry: str, value: object, most: float | None = None) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        if not fits or value < 0 or (most is not None and value > most):  # type: ignore[operator]
            limit = "of 0 or more" if most is None else f"from 0 to {number(most)}"
            raise self.wrong(entry, f"write a number {limit}, not {value!r}")
        return float(value)  # type: ignore[arg-type]

    def lesson(self, entry: str, name: str) -> Lesson:
        try:
            return self.course.lesson(name)
        except CourseError as error:
            raise self.wrong(entry, str(error)) from None

    def lessons(self, given: object) -> tuple[str, ...]:
        """The full names of the lessons that count, in the order of the course."""
        if given is None:
            return ()
        plain = isinstance(given, list) and all(type(one) in (int, str) for one in given)
        if not plain or not given:
            raise self.wrong("lessons", 'list the lessons that count, such as [1, "broadcast"]')
        assert isinstance(given, list)
        counting = {self.lesson("lessons", str(one)).name for one in given}
        return tuple(one.name for one in self.course.lessons if one.name in counting)

    def by_lesson(self, entry: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The entries under the full names of their lessons, in the order of the course."""
        found: dict[str, Any] = {}
        for name, value in facts.items():
            lesson = self.lesson(f"[{entry}] {name}", name).name
            if lesson in found:
                raise self.wrong(f"[{entry}] {name}", f"{lesson} is there twice: keep one of them")
            found[lesson] = value
        return {one.name: found[one.name] for one in self.course.lessons if one.name in found}

    def weights(self, facts: Mapping[str, Any]) -> dict[str, float]:
        given = self.by_lesson("weights", facts)
        weights = {name: self.number(f"[weights] {name}", given[name]) for name in given}
        left_out = [one.name for one in self.course.lessons if one.name not in weights]
        if weights and left_out:
            names = ", ".join(left_out)
            raise self.wrong("[weights]", f"give {names} a weight too, 0 for what does not count")
        if weights and not any(weights.values()):
            raise self.wrong("[weights]", "one lesson at least needs a weight above 0")
        return weights

    def points(self, facts: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for name, checks in self.by_lesson("points", facts).items():
            entry = f"[points.{name}]"
            if not isinstance(checks, dict):
                raise self.wrong(entry, f"write [points.{name}], and below it: a-check = 10")
            self.only(entry, checks, [check.id for check in self.course.lesson(name).checks()])
            found[name] = {
                check: self.number(f"{entry} {check}", worth) for check, worth in checks.items()
            }
        return found

    def late(self, facts: Mapping[str, Any]) -> float:
        self.only("[late]", facts, ["percent_off"])
        return self.number("[late] percent_off", facts.get("percent_off", 0), 100)


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
