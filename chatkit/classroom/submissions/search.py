"""Look through what one student handed in, and find the programs of each lesson.

Whatever is wrong with it becomes a remark: no student's work stops the others. Links are never
followed, archives are unpacked within bounds, and only the caller's folders are written.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatkit import __version__
from chatkit._archives.filenames import archive_stem, brief, is_archive_name, readable
from chatkit._archives.unpacking import HAND_IN, ArchiveError, unpack
from chatkit.classroom.exports.handin import MANIFEST, read_manifest
from chatkit.classroom.submissions.items import (
    Item,
    LessonPrograms,
    Location,
    Programs,
    listing,
)
from chatkit.classroom.submissions.layouts import (
    lesson_hinted,
    lesson_named,
    other_named,
    program_named,
)
from chatkit.classroom.submissions.unusable import listed, why_nothing
from chatkit.course.lessons import Course, Lesson
from chatkit.course.places import set_aside

ARCHIVES = 20  # the most archives of one student that are unpacked
FOLDERS = 2000  # the most folders of one student that are looked into
DEPTH = 50  # of folders in each other
SEEN = 500  # the most names of files that are remembered

ANOTHER_NAME = 2000  # how far "echo_server.py" is off: more than any copy of server.py


def all_programs(course: Course) -> tuple[str, ...]:
    """The programs of all lessons, each once. A module is none: it is found beside its program."""
    lessons = course.lessons
    return tuple(sorted({one for each in lessons for one in {*each.programs} - {*each.modules}}))


@dataclass
class Search:
    """Looks through what one student handed in."""

    course: Course
    lesson: Lesson | None  # what programs in no lesson's folder are for
    room: Path  # where archives are unpacked
    lost: Mapping[Path, Sequence[Item]] = field(default_factory=dict)  # by the folder
    remarks: dict[str, None] = field(default_factory=dict)  # in order, each once
    obstacles: dict[str, None] = field(default_factory=dict)  # what may have held a lesson, and why
    opened: dict[Path, list[Item]] = field(default_factory=dict)
    promised: set[str] = field(default_factory=set)  # lessons that a manifest names
    called: set[str] = field(default_factory=set)  # lessons that a folder or archive is called like
    seen: list[str] = field(default_factory=list)  # names of files
    late: list[Path] = field(default_factory=list)  # files that their names mark as late
    archives: int = 0
    folders: int = 0
    untold: bool = False  # there were programs, and no lesson to put them to

    def remark(self, text: str) -> None:
        self.remarks[text] = None

    def obstacle(self, text: str) -> None:
        """Remark on what may be why a lesson was not found. `text` has no full stop."""
        self.remark(f"{text[:1].upper()}{text[1:]}." if text[:1] == "n" else f"{text}.")
        self.obstacles[text] = None

    # Opening

    def open(self, item: Item) -> list[Item]:
        """What is inside a folder or an archive; nothing, and a remark, where it cannot be read."""
        if item.lost:
            self.obstacle(f"{brief(item.name)} is left out: {item.lost}")
            return []
        if item.path not in self.opened:
            self.opened[item.path] = []
            if folder := item.path if item.path.is_dir() else self.unpacked(item):
                self.opened[item.path] = self.look_into(folder)
        return self.opened[item.path]

    def look_into(self, folder: Path) -> list[Item]:
        left_out: list[tuple[str, str]] = []
        items = listing(folder, left_out)
        for name, why in left_out:
            if self.may_be_work(name) or "cannot be read" in why:
                self.obstacle(f"{name} is left out: {why}")
            else:
                self.remark(f"{name} is left out: {why}.")
        lost = self.lost.get(folder, ())
        for item in lost:
            if self.may_be_work(item.name):
                self.obstacle(f"{brief(item.name)} is left out: {item.lost}")
        others = [one for one in lost if not self.may_be_work(one.name)]
        if others:
            names = listed([one.name for one in others])
            self.remark(f"Left out: {names}: {others[0].lost}.")
        if any(one.name == MANIFEST for one in items):
            self.read_manifest(folder)
        return items

    def may_be_work(self, name: str) -> bool:
        names = all_programs(self.course)
        return is_archive_name(name) or bool(program_named(name, names) or other_named(name, names))

    def unpacked(self, item: Item) -> Path | None:
        if self.archives == ARCHIVES:
            self.obstacle(f"only {ARCHIVES} archives are unpacked: ask for one with the programs")
            return None
        self.archives += 1
        folder = self.room / str(self.archives)
        try:
            found = unpack(item.path, folder, HAND_IN)
        except ArchiveError as error:
            why = str(error).removeprefix(brief(item.path.name))  # under the student's own name
            self.obstacle(f"{brief(item.name)}{why}")
            return None
        for remark in found.remarks:
            self.remark(f"In {brief(item.name)}: {remark}")
        for lost in found.lost:
            if self.may_be_work(lost.parts[-1]):
                self.obstacles[f"{brief('/'.join(lost.parts))} is left out: {lost.why}"] = None
        return folder

    def read_manifest(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        if manifest is None:
            return
        self.promised |= set(manifest.lessons) & {lesson.name for lesson in self.course.lessons}
        if manifest.kit != __version__:
            self.remark(f"Packed with chatkit {manifest.kit}; this is {__version__}.")

    # Finding

    def lessons(self, items: Sequence[Item]) -> dict[str, LessonPrograms]:
        """The lessons in a hand-in, by name. What is meant by a doubtful name, remarks say."""
        places = self.places(items)
        by_lesson: dict[str, list[Location]] = {}
        strays = []
        for place in places:
            if place.lesson:
                by_lesson.setdefault(place.lesson.name, []).append(place)
            else:
                strays.append(place)
        if strays and self.lesson and self.lesson.name not in by_lesson:
            by_lesson[self.lesson.name] = strays
        elif strays:
            self.left_beside(strays, bool(by_lesson))
        found = {
            lesson.name: one
            for lesson in self.course.lessons
            if lesson.name in by_lesson and (one := self.chosen(lesson, by_lesson[lesson.name]))
        }
        for name in sorted(self.promised - set(by_lesson)):
            self.remark(f"{name} is named in {MANIFEST} and is not there.")
        for name in sorted(self.called - self.promised - set(by_lesson)):
            self.remark(f"There is no program in what is called like {name}.")
        return found

    def left_beside(self, strays: list[Location], beside: bool) -> None:
        """Remark on programs in no lesson's folder."""
        names = listed([item.name for place in strays for item, _ in place.programs.values()])
        if beside and self.lesson:
            self.remark(f"Left out, for it lies beside the lesson folders: {names}.")
            return
        self.untold = self.untold or not beside
        if beside:
            self.remark(f"Left out, for it lies beside the lesson folders: {names}.")
        told = f"nothing says which lesson is meant by: {names}"
        self.obstacles[f"{told}. Put it into a folder such as {self.course.lessons[0].name}"] = None
        if not beside:
            self.remark(f"N{told[1:]}.")

    def places(self, items: Sequence[Item]) -> list[Location]:
        """All folders with programs in them, those that lie least deep first."""
        found: list[Location] = []
        waiting: deque[tuple[Item | None, Lesson | None, tuple[str, ...], int]] = deque()
        waiting.append((None, None, (), 0))
        while waiting:
            item, lesson, trail, off = waiting.popleft()
            inside = self.open(item) if item else items
            self.folders += 1
            if self.folders > FOLDERS:
                self.obstacle(f"only {FOLDERS} folders are looked into: ask for the programs alone")
                break
            names = [one.name for one in inside if not one.opens]
            self.seen += names[: max(0, SEEN - len(self.seen))]
            here = self.programs_by_lesson(inside, lesson)
            found += [
                Location(self.course.lesson(name) if name else None, tuple(inside), one, trail, off)
                for name, one in here.items()
            ]
            for next in self.to_open(inside, here, lesson):
                if len(trail) == DEPTH:
                    self.obstacle(f"{brief(next.name)} lies more than {DEPTH} folders deep")
                    continue
                stem = archive_stem(next.name)
                named = None if lesson else lesson_named(stem, self.course)
                if named:
                    self.called.add(named.name)
                further = (*trail, next.name)
                waiting.append((next, lesson or named, further, off + _off(stem, named)))
        return sorted(found, key=lambda place: place.rank)

    def to_open(
        self, items: Sequence[Item], here: Mapping[str, Programs], lesson: Lesson | None
    ) -> list[Item]:
        """Where to look for more programs: which of the folders and archives among `items`."""
        opening = [
            one
            for one in items
            if one.opens and not one.name.startswith(".") and not set_aside(one.name)
        ]
        folders = {one.name.casefold(): one for one in opening if one.path.is_dir()}
        lessons = folders.get("lessons")
        if lessons and ("chatkit" in folders or self.has_lessons(lessons)):
            return [lessons]  # a clone has the solutions beside it, and tests
        if not here:
            return opening
        if lesson is None:
            named = [one for one in opening if lesson_named(archive_stem(one.name), self.course)]
            if named:
                return named
        wanted = lesson or self.lesson
        needed = wanted.asked if wanted else all_programs(self.course)
        missing = set(needed) - {name for programs in here.values() for name in programs}
        return list(folders.values()) if missing else []

    def has_lessons(self, folder: Item) -> bool:
        return any(
            one.opens and lesson_named(archive_stem(one.name), self.course, strict=True)
            for one in self.open(folder)
        )

    def programs_by_lesson(
        self, items: Sequence[Item], lesson: Lesson | None
    ) -> dict[str, Programs]:
        """The programs that lie here straight away, by the name of their lesson; "" for none."""
        names = all_programs(self.course)
        named: Programs = {}
        others: dict[tuple[str, str], list[Item]] = {}
        for item in items:
            if item.path.is_dir():
                continue
            if meant := program_named(item.name, names):
                if meant[0] not in named or meant[1] < named[meant[0]][1]:
                    named[meant[0]] = (item, meant[1])
            elif other := other_named(item.name, names):
                hinted = lesson_hinted(item.name, self.course)
                others.setdefault((hinted.name if hinted else "", other), []).append(item)
        wanted = lesson or self.lesson
        told = wanted.name if wanted else ""
        here = lesson.name if lesson else ""
        found: dict[str, Programs] = {here: named} if named else {}
        hints = [told, ""]  # what names the lesson goes first
        if not named and not lesson:
            hints += [one.name for one in self.course.lessons]
        for hint in dict.fromkeys(hints):
            key = here if named or hint in ("", told) else hint
            for program in names:
                candidates = others.get((hint, program), [])
                if not candidates or program in found.get(key, {}):
                    continue
                if len(candidates) == 1:
                    found.setdefault(key, {})[program] = (candidates[0], ANOTHER_NAME)
                else:
                    names_of = listed([one.name for one in candidates])
                    self.obstacle(f"{names_of} may all be {program}: rename the one that counts")
        return found

    def chosen(self, lesson: Lesson, places: list[Location]) -> LessonPrograms | None:
        """The programs of one lesson, of all places where some lie. None when nobody can tell."""
        first, *more = places
        programs = dict(first.programs)
        beside = list(first.items)
        for other in more:
            alike = other.rank == first.rank
            new = {
                name: one
                for name, one in other.programs.items()
                if name in lesson.programs and name not in programs
            }
            if alike and (both := self.differing(first, other)):
                self.obstacle(f"{lesson.name}: {first.name} and {other.name} both hold {both}")
                return None
            if new and not other.rank[0]:
                programs |= new
                beside += list(dict.fromkeys(other.items).keys() - dict.fromkeys(beside).keys())
                self.remark(f"{listed(sorted(new))} of {lesson.name} is from {other.name}.")
            else:
                self.remark(f"{other.name} is left out: {lesson.name} was found before it.")
        if not set(programs) & set(lesson.asked):
            self.obstacle(f"{lesson.name} asks for {' and '.join(lesson.asked)}")
            return None
        return LessonPrograms(lesson, programs, tuple(beside))

    def differing(self, first: Location, other: Location) -> str:
        """A program that two places hold and that is not the same in both; empty without one."""
        for name in sorted(set(first.programs) & set(other.programs)):
            one, two = first.programs[name][0].path, other.programs[name][0].path
            if _content(one) != _content(two):
                return name
        return ""

    # In the end

    def why_not(self, lessons: Mapping[str, object]) -> str:
        """Why there may be no more than these lessons; empty when nothing was in the way."""
        if self.obstacles:
            return "; ".join(list(self.obstacles)[:2])
        if lessons:
            return ""
        return why_nothing(self.seen, sorted(all_programs(self.course), reverse=True))


def _off(stem: str, lesson: Lesson | None) -> int:
    """How far the name of a folder is from that of the lesson that it is taken for."""
    if lesson is None or stem == lesson.name:
        return 0
    return 2 if stem.isdigit() else 1


def _content(path: Path) -> bytes:
    """The start of a file, which is all of a program."""
    try:
        with path.open("rb") as file:
            return file.read(1 << 20)
    except OSError as error:
        return readable(str(error)).encode()
