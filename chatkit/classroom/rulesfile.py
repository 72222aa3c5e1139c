"""`class.toml`, the rules that an instructor writes beside the submissions.

    lessons = [1, 2]       # the lessons that count; without it, those that the runs asked for
    zone = "Europe/Berlin" # times are read and shown in this zone; needed with a [deadline]
    attempts = "best"      # which of several counts: "last", "best", "last-on-time"
    hold = ["ada"]         # these grades do not go out yet

    [weights]              # what each lesson counts in the total; all lessons, 0 for none
    01_echo = 1
    02_broadcast = 2

    [points.02_broadcast]  # what a check is worth; the checks that are not listed keep their points
    half-line = 20

    [deadline]             # when a lesson is due
    01_echo = 2026-03-02T23:59:00

    [extension.ada]        # a later deadline for one student
    01_echo = 2026-03-05T23:59:00

    [excuse]               # lessons that do not count for one student
    bob = ["echo"]

    [late]                 # what late work loses; without this section, nothing
    grace_minutes = 15     # so much later is in time
    percent_off = 10       # once
    percent_a_day = 5      # for each begun day
    most_percent = 50      # together never more
    free_days = 2          # late days that each student may spend

Every entry may be left out, and so may the file.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chatkit._errors import UserError
from chatkit.classroom.late.deadlines import Deadlines
from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.rules import ATTEMPTS, UNSAID, Rules, number
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, Lesson

FILE = "class.toml"
ENTRIES = (
    *("lessons", "zone", "attempts", "hold", "weights", "points"),
    *("deadline", "extension", "excuse", "late"),
)
LATE = ("grace_minutes", "percent_off", "percent_a_day", "most_percent", "free_days")


class RulesError(UserError):
    """`class.toml` cannot be used; the message names the file, the entry and the cure."""


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
        full=full,
        lessons=reader.lessons(facts.get("lessons")),
        deadlines=reader.deadlines(facts),
        attempts=reader.attempts(facts["attempts"]) if "attempts" in facts else UNSAID,
        hold=tuple(reader.names("hold", facts.get("hold", []))),
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

    def attempts(self, given: object) -> str:
        if given not in ATTEMPTS:
            raise self.wrong("attempts", f"write one of {', '.join(ATTEMPTS)}, not {given!r}")
        return str(given)

    def names(self, entry: str, given: object) -> list[str]:
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise self.wrong(entry, f'write a list of texts, such as ["ada"], not {given!r}')
        return given

    # Time

    def deadlines(self, facts: Mapping[str, Any]) -> Deadlines:
        zone = self.zone(facts)
        late = self.section(facts, "late")
        self.only("[late]", late, LATE)
        free = self.number("[late] free_days", late.get("free_days", 0))
        if free != int(free):
            raise self.wrong("[late] free_days", f"write whole days, not {number(free)}")
        minutes = self.number("[late] grace_minutes", late.get("grace_minutes", 0))
        due = self.moments("deadline", self.section(facts, "deadline"), zone)
        for needs in ("grace_minutes", "percent_a_day", "free_days"):
            if late.get(needs) and not due:
                raise self.wrong(f"[late] {needs}", "this needs a [deadline] to count from")
        return Deadlines(
            zone=zone,
            due=due,
            extensions={
                student: self.moments(f"extension.{student}", given, zone, due)
                for student, given in self.section(facts, "extension").items()
            },
            excuses={
                student: tuple(
                    self.lesson(f"[excuse] {student}", str(one)).name
                    for one in self.listed(f"[excuse] {student}", given)
                )
                for student, given in self.section(facts, "excuse").items()
            },
            grace=timedelta(minutes=minutes),
            percent_off=self.number("[late] percent_off", late.get("percent_off", 0), 100),
            percent_a_day=self.number("[late] percent_a_day", late.get("percent_a_day", 0), 100),
            most_percent=self.number("[late] most_percent", late.get("most_percent", 100), 100),
            free_days=int(free),
        )

    def listed(self, entry: str, given: object) -> list[object]:
        if not isinstance(given, list) or not all(type(one) in (int, str) for one in given):
            raise self.wrong(entry, f'list the lessons, such as [1, "broadcast"], not {given!r}')
        return given

    def zone(self, facts: Mapping[str, Any]) -> tzinfo:
        given = facts.get("zone")
        if given is None and "deadline" in facts:
            raise self.wrong("[deadline]", 'say in which zone: a line zone = "Europe/Berlin"')
        if given is None:
            return UTC
        try:
            return ZoneInfo(given)
        except (ValueError, OSError, TypeError, KeyError):  # it raises all of these
            raise self.wrong(
                "zone",
                f'this machine knows no time zone {given!r}: write one such as "Europe/Berlin"',
            ) from None

    def moments(
        self, entry: str, given: object, zone: tzinfo, due: Mapping[str, datetime] | None = None
    ) -> dict[str, datetime]:
        """Times by lesson, in UTC. `due` are the deadlines that these must not come before."""
        if not isinstance(given, dict):
            raise self.wrong(
                f"[{entry}]", "write a section, and below it echo = 2026-03-02T23:59:00"
            )
        found = {
            lesson: self.moment(f"[{entry}] {lesson}", value, zone)
            for lesson, value in self.by_lesson(entry, given).items()
        }
        for lesson, moment in found.items():
            if due is not None and lesson not in due:
                raise self.wrong(f"[{entry}]", f"{lesson} has no deadline that could be extended")
            if due is not None and moment < due[lesson]:
                raise self.wrong(f"[{entry}] {lesson}", "this is before the deadline of all others")
        return found

    def moment(self, entry: str, value: object, zone: tzinfo) -> datetime:
        if isinstance(value, date) and not isinstance(value, datetime):
            raise self.wrong(entry, f"say the time of the day, too: {value}T23:59:00")
        moment = read_moment(str(value), zone) if isinstance(value, str | datetime) else None
        if moment is None:
            raise self.wrong(entry, f"write a time such as 2026-03-02T23:59:00, not {value!r}")
        return moment
