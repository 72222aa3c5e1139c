"""Clones as they were at the deadline.

A commit is not a hand-in: what a student commits after the deadline neither takes away what was
there in time nor makes it late. So a clone is graded as the last commit up to the deadline has it,
with the grace and the student's own extension. Where that holds no more than the starter, the
student began later, and what is there now is late work.
"""

import itertools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from chatkit.classroom.gradekey import work_digest
from chatkit.classroom.late.clones import Commit, commits, is_shallow, last_change, write_commit
from chatkit.classroom.late.moments import shown
from chatkit.classroom.rules import LAST, UNSAID, Rules
from chatkit.classroom.submissions.items import Item
from chatkit.classroom.submissions.layouts import Mark
from chatkit.classroom.submissions.participants import CLONES, Participant
from chatkit.classroom.submissions.search import Search
from chatkit.classroom.submissions.submissions import SHARED, Submission, look_through
from chatkit.course.lessons import Course, Lesson
from chatkit.course.manifest import same
from chatkit.course.starters import StarterError, starter

DISORDER = (
    "The times of the commits are not in order: a clock was wrong, or somebody set a time by hand."
)


def at_deadlines(
    found: Sequence[Submission], rules: Rules, course: Course, lesson: Lesson | None, space: Path
) -> tuple[Submission, ...]:
    """The hand-ins, with clones as they were at the deadlines of `rules`; others stay as they are.

    Where nothing is said of attempts, the version in time takes the place of the newest one; where
    the best or the last one in time counts, it is an attempt of its own; where the last one counts,
    it is left out. `lesson` is what programs in no lesson's folder are for. Copies go to `space`,
    a folder that need not be there. Raises OSError when it cannot be written.
    """
    if not rules.deadlines.due:
        return tuple(found)
    versions = _Versions(rules, course, lesson, space)
    return tuple(versions.of(one) for one in found)


@dataclass
class _Versions:
    """Looks into the history of clones; each commit is unpacked once."""

    rules: Rules
    course: Course
    lesson: Lesson | None
    space: Path
    histories: dict[Path, tuple[Commit, ...]] = field(default_factory=dict)
    unpacked: dict[tuple[Path, str], Submission | None] = field(default_factory=dict)

    def of(self, one: Submission) -> Submission:
        attempts = [new for old in one.attempts for new in self.versions(old)]
        return replace(attempts[-1], earlier=tuple(attempts[:-1]))

    def versions(self, one: Submission) -> list[Submission]:
        """The versions of one hand-in, the oldest first: one, or one in time and the newest."""
        if one.clone is None:
            return [one]
        if one.clone not in self.histories:
            self.histories[one.clone] = commits(one.clone)
        history = self.histories[one.clone]
        if not history:
            return [one]
        in_time: dict[str, Submission] = {}
        for name in self.rules.deadlines.due:
            one, version = self.at_deadline(one, name, history)
            if version:
                in_time[name] = version
        if not in_time:
            return [one]
        same = {
            name: version
            for name, version in in_time.items()
            if self.rules.attempts == UNSAID or self.is_same(one, version, name)
        }
        one = _merged(one, same)
        if len(same) == len(in_time):
            return [one]
        own = replace(one, lessons={}, remarks_on={}, came_on={}, places={}, without=frozenset())
        others = {name: version for name, version in in_time.items() if name not in same}
        return [_merged(own, others), one]

    def is_same(self, one: Submission, other: Submission, name: str) -> bool:
        """Whether the programs of a lesson are the same in both."""
        works = [
            work_digest(self.course.lesson(name), lessons[name])
            for lessons in (one.lessons, other.lessons)
            if name in lessons
        ]
        return len(works) == 2 and works[0] == works[1]

    def at_deadline(
        self, one: Submission, name: str, history: Sequence[Commit]
    ) -> tuple[Submission, Submission | None]:
        """`one` with the time of its work for the lesson, and the version that was there in time.

        There is no such version where `one` is it, where there was nothing, or where nobody asks.
        """
        assert one.clone
        cutoff = self.rules.deadlines.until(one.student, name)
        known = [commit for commit in history if commit.moment <= cutoff]
        remarks = [DISORDER] if _in_disorder(history) else []
        newest = last_change(one.clone, one.places.get(name, ())) or history[0].moment
        last = known[0] if known else None
        if name in one.lessons and newest <= cutoff:
            return _came(one, name, max(newest, last.moment) if last else newest, remarks), None
        if self.rules.attempts == LAST:
            return _came(one, name, newest, remarks), None
        if last is None and is_shallow(one.clone):
            told = (
                "This clone is shallow, so nobody can tell what was there at the deadline. "
                "In it, call git fetch --unshallow."
            )
            return _came(one, name, None, [*remarks, told]), None
        version = self.unpack(one, last) if last else None
        when = shown(cutoff, self.rules.deadlines.zone)
        if version is None or last is None or name not in version.lessons:
            return _came(
                one, name, newest, [*remarks, f"No commit up to {when} holds this lesson."]
            ), None
        if self.is_starter(name, version.lessons[name]):
            told = f"The last commit up to {when} holds no more than the starter."
            return _came(one, name, newest, [*remarks, told]), None
        told = (
            f"Commit {last.id[:7]} is the last one up to {when}: this is the work as it was then."
        )
        return (
            _came(one, name, newest, remarks),
            _came(version, name, last.moment, [*remarks, told, *_shared(one, name)]),
        )

    def unpack(self, one: Submission, commit: Commit) -> Submission | None:
        """What a commit holds; None when the clone cannot be read."""
        assert one.clone
        key = (one.clone, commit.id)
        if key not in self.unpacked:
            self.unpacked[key] = None
            folder = self.space / str(len(self.unpacked))
            folder.mkdir(parents=True)
            mark = Mark(CLONES, one.clone.name, one.clone.name)
            item = Item(f"{one.clone.name}.zip", folder / "commit.zip")
            search = Search(self.course, self.lesson, folder / "unpacked")
            if write_commit(one.clone, commit.id, item.path):
                student = Participant(mark, one.student, [(mark, item)])
                found = look_through(student, student.parts, search, folder / "lessons")
                self.unpacked[key] = found
                item.path.unlink()
            shutil.rmtree(search.room, ignore_errors=True)
        return self.unpacked[key]

    def is_starter(self, name: str, folder: Path) -> bool:
        """Whether the programs of a lesson are just what students are given."""
        lesson = self.course.lesson(name)
        try:
            return all(
                not (folder / program).is_file()
                or same((folder / program).read_bytes(), starter(self.course, lesson, program))
                for program in lesson.asked
            )
        except StarterError:
            return False


def _merged(one: Submission, in_time: Mapping[str, Submission]) -> Submission:
    """`one` with the lessons that another version has in their places."""
    lessons, remarks = dict(one.lessons), dict(one.remarks_on)
    came, places = dict(one.came_on), dict(one.places)
    for name, version in in_time.items():
        lessons[name] = version.lessons[name]
        remarks[name] = version.remarks_on[name]
        came[name] = version.came_on[name]
        places.pop(name, None)
    return replace(
        one,
        lessons=lessons,
        remarks_on=remarks,
        came_on=came,
        places=places,
        without=one.without - set(lessons),
    )


def _came(
    one: Submission, name: str, moment: datetime | None, remarks: Sequence[str]
) -> Submission:
    """`one` with the time of its work for one lesson, and with remarks on it."""
    if name not in one.lessons:
        return one
    told = (*one.remarks_on.get(name, ()), *remarks)
    text = moment.isoformat() if moment else ""
    return replace(
        one, came_on={**one.came_on, name: text}, remarks_on={**one.remarks_on, name: told}
    )


def _shared(one: Submission, name: str) -> list[str]:
    """What is said of the hand-in of a group."""
    return [remark for remark in one.remarks_on.get(name, ()) if remark.startswith(SHARED)]


def _in_disorder(history: Sequence[Commit]) -> bool:
    return any(newer.moment < older.moment for newer, older in itertools.pairwise(history))
