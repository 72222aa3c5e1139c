"""Deadlines, grace, extensions and late days of one class, and what a late hand-in loses.

What lateness costs is worked out anew for each report, from the time that the gradebook keeps and
from the rules. So a later extension changes the grade, and nothing has to be graded again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil

from chatkit.classroom.late.moments import shown, span

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Lateness:
    """What is known about how late one hand-in came."""

    late: bool
    days: int = 0  # begun days of 24 hours behind the deadline; 0 even when nobody knows
    known: bool = False  # whether the days are known
    words: tuple[str, ...] = ()  # how that was found out


@dataclass(frozen=True)
class Deadlines:
    """The rules of a class about time. `Deadlines()` has none."""

    zone: tzinfo = UTC
    due: Mapping[str, datetime] = field(default_factory=dict)  # lesson -> when
    extensions: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)  # student -> …
    excuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # student -> lessons
    grace: timedelta = timedelta(0)
    percent_off: float = 0.0  # once, of what late work has earned
    percent_a_day: float = 0.0  # for each begun day
    most_percent: float = 100.0  # together never more
    free_days: int = 0  # late days that a student may spend on all lessons together

    @property
    def costs(self) -> bool:
        """Whether late work loses anything at all."""
        return bool(self.percent_off or self.percent_a_day)

    def excused(self, student: str, lesson: str) -> bool:
        return lesson in self.excuses.get(student, ())

    def extended(self, student: str, lesson: str) -> datetime | None:
        return self.extensions.get(student, {}).get(lesson)

    def until(self, student: str, lesson: str) -> datetime:
        """The last moment at which work is in time, in a lesson that has a deadline."""
        return (self.extended(student, lesson) or self.due[lesson]) + self.grace

    def lateness(
        self, student: str, lesson: str, moment: datetime | None, marked: bool
    ) -> Lateness:
        """How late a hand-in is. `marked` says that the platform marks it as late."""
        extension = self.extended(student, lesson)
        due = extension or self.due.get(lesson)
        what = "extension until" if extension else "due"
        if due is None:
            words = ("the platform marks it as late",) if marked else ()
            return Lateness(marked, words=words)
        if moment is None:
            if marked and extension:
                told = (
                    f"{what} {shown(due, self.zone)}; nothing says when it came, so it is in time"
                )
                return Lateness(False, words=(told,))
            told = "late, as the platform says" if marked else "nothing says when it came"
            return Lateness(marked, words=(f"{what} {shown(due, self.zone)}; {told}",))
        came = f"{what} {shown(due, self.zone)}, handed in {shown(moment, self.zone)}"
        over = moment - due
        if over <= timedelta(0):
            also = "; the platform marks it as late" if marked else ""
            return Lateness(False, known=True, words=(f"{came}: in time{also}",))
        seconds = over.total_seconds()
        if over <= self.grace:
            told = f"{span(seconds)} later, within the grace of {span(self.grace.total_seconds())}"
            return Lateness(False, known=True, words=(f"{came}: {told}",))
        days = ceil(over / DAY)
        told = f"{span(seconds)} late, {days} begun day{'s' if days != 1 else ''}"
        return Lateness(True, days, True, (f"{came}: {told}",))

    def percent(self, found: Lateness, free: int) -> tuple[float, int, tuple[str, ...]]:
        """What a hand-in loses: percent, how many of the `free` late days it spends, and why."""
        if not found.late:
            return 0.0, 0, ()
        spent = min(free, found.days) if found.known else 0
        said = []
        if spent:
            said.append(f"late days without loss: {spent} spent, {free - spent} left")
        days = found.days - spent
        if found.known and not days:
            return 0.0, spent, tuple(said)
        lost = self.percent_off + self.percent_a_day * days
        if self.percent_a_day and not found.known:
            said.append("nobody knows how many days, so nothing is off for days")
        if lost > self.most_percent:
            said.append(f"{_number(lost)} % off would be more than the cap")
            lost = self.most_percent
        return lost, spent, tuple(said)

    def words(self) -> tuple[str, ...]:
        """The rules as sentences."""
        said = [f"{lesson} is due {shown(due, self.zone)}." for lesson, due in self.due.items()]
        minutes = self.grace.total_seconds() / 60
        if minutes:
            said.append(f"Work that comes up to {_number(minutes)} minutes later is in time.")
        if self.free_days:
            said.append(
                f"Each student may be late by {_days(self.free_days)} in all without loss; they "
                "are spent on the lessons in the order of the course."
            )
        if self.percent_off:
            said.append(f"Late work loses {_number(self.percent_off)} % of its points.")
        if self.percent_a_day:
            also = " more" if self.percent_off else " of its points"
            said.append(
                f"Late work loses {_number(self.percent_a_day)} %{also} for each begun day."
            )
        if self.costs and self.most_percent < 100:
            said.append(f"It never loses more than {_number(self.most_percent)} %.")
        return tuple(said) if self.costs else (*said, "Late work loses nothing.")


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _number(value: float) -> str:
    return f"{value:g}"
