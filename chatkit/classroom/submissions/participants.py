"""Who is there: whose work each folder, archive and program of a class is, by names alone."""

import hashlib
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatkit._archives.filenames import archive_stem, is_archive_name, readable
from chatkit.classroom.exports.handin import MANIFEST
from chatkit.classroom.gradebook import FILE as GRADEBOOK
from chatkit.classroom.submissions.attempts import VERSION, numbered
from chatkit.classroom.submissions.bulk import ILIAS, bulk_mark
from chatkit.classroom.submissions.items import Item, listing
from chatkit.classroom.submissions.layouts import (
    SINGLE_FILES,
    Mark,
    canvas_mark,
    lesson_named,
    moodle_mark,
    program_named,
    safe_id,
    single_mark,
)
from chatkit.classroom.submissions.search import all_programs
from chatkit.course.lessons import Course

NOBODY = "it is not a student's folder, archive or program"
FOLDERS, ARCHIVED, CLONES = "student folders", "student archives", "GitHub Classroom clones"


@dataclass
class Participant:
    """What belongs to one student, before anybody has looked inside."""

    mark: Mark
    id: str
    parts: list[tuple[Mark, Item]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass
class Layout:
    """Tells folders of students from folders of work, by names alone: nothing is unpacked."""

    course: Course
    lost: Mapping[Path, Sequence[Item]]

    def is_program(self, item: Item) -> bool:
        return not item.opens and program_named(item.name, all_programs(self.course)) is not None

    def is_lesson(self, item: Item) -> bool:
        """Whether the item is called like a lesson, and a program lies in it (unless packed)."""
        if not item.opens or not lesson_named(archive_stem(item.name), self.course, strict=True):
            return False
        return not item.path.is_dir() or any(map(self.is_program, listing(item.path, [])))

    def has_lessons_folder(self, items: list[Item]) -> bool:
        return any(
            item.name.casefold() == "lessons"
            and item.path.is_dir()
            and any(map(self.is_lesson, listing(item.path, [])))
            for item in items
        )

    def is_work(self, items: list[Item]) -> bool:
        """Whether lessons or programs lie here straight away."""
        return self.has_lessons_folder(items) or any(
            self.is_lesson(item) or self.is_program(item) for item in items
        )

    def is_one_student(self, items: list[Item]) -> bool:
        """Whether these items are the work of one student, and not a class."""
        if any(item.name == MANIFEST for item in items) or self.has_lessons_folder(items):
            return True
        others = [item for item in items if not self.is_lesson(item) and not self.is_program(item)]
        return len(others) < len(items) and not any(
            _mark(item) is not None and (not item.path.is_dir() or self.has_work(item))
            for item in others
        )

    def handed_in(
        self, items: list[Item], out: Path | None, unplaced: list[tuple[str, str]]
    ) -> list[Item]:
        """The items without the folders into which class runs write, this one or another."""
        kept = []
        for item in items:
            ours = (item.path / GRADEBOOK).is_file()
            mine = item.path.is_dir() and item.path.resolve() == out
            if ours and not mine:
                unplaced.append((readable(item.name), "it holds the gradebook of a class run"))
            elif not mine or (not ours and self.has_work(item)):
                kept.append(item)
        return kept

    def without_lessons(self, items: list[Item], unplaced: list[tuple[str, str]]) -> list[Item]:
        """The items that are not called like a lesson. Students inside would be taken for one."""
        kept = []
        for item in items:
            if item.opens and lesson_named(archive_stem(item.name), self.course, strict=True):
                why = "it is called like a lesson; to grade the students inside, name this folder"
                unplaced.append((readable(item.name), why))
            else:
                kept.append(item)
        return kept

    def has_work(self, item: Item) -> bool:
        return self.is_work(listing(item.path, []))

    def unwrapped(
        self, items: list[Item], unplaced: list[tuple[str, str]], deeper: int = 2
    ) -> list[Item]:
        """The items one level down, when all students lie in one folder more, or in a few."""
        folders = [item for item in items if item.path.is_dir()]
        others = [item for item in items if not item.path.is_dir() and _mark(item)]
        if library := _library(folders):
            why = f"what was handed in lies in {readable(library.name)}, beside it"
            unplaced += [(readable(one.name), why) for one in items if one is not library]
            return listing(library.path, unplaced)
        if len(folders) != 1 or others:
            return items
        (folder,) = folders
        if _has_git(folder) or moodle_mark(folder.name) or self.has_work(folder):
            return items
        if bulk_mark(folder.name, folder=True):
            return items
        left_out: list[tuple[str, str]] = []
        inner = [*listing(folder.path, left_out), *self.lost.get(folder.path, ())]
        below = [one for one in inner if one.path.is_dir()]
        if deeper > 0 and ((len(inner) == 1 and below) or _library(below)):
            further = self.unwrapped(inner, unplaced, deeper - 1)
            if further is not inner:
                return further
        if sum(_mark(item) is not None for item in inner) < 2:
            return items
        unplaced += left_out
        unplaced += [(readable(one.name), NOBODY) for one in items if one is not folder]
        return inner


def _library(folders: list[Item]) -> Item | None:
    """The folder with what was handed in, in a library of Microsoft Teams; None in any other place.

    "Student Work" holds "Submitted files" and "Working files", in the language of the class, and
    each of them a folder for each student. Only in the first there are versions: a student, an
    assignment, "Version 1". So say the READMEs of lwchkg/teams_assignment_explorer and, for German,
    the program of rtotheb2000/Microsoft-Teams-Retrieve-Assignments-Hand-In.
    """
    if len(folders) != 2:
        return None
    found = [one for one in folders if _has_versions(one)]
    names = [{student.name for student in listing(one.path, [])} for one in folders]
    return found[0] if len(found) == 1 and names[0] & names[1] else None


def _has_versions(folder: Item) -> bool:
    """Whether two levels down, for some student and assignment, there are numbered versions."""
    for student in listing(folder.path, []):
        for task in listing(student.path, []) if student.path.is_dir() else ():
            inside = listing(task.path, []) if task.path.is_dir() else []
            if inside and all(VERSION.fullmatch(one.name) for one in inside):
                return True
    return False


def _has_git(item: Item) -> bool:
    return os.path.lexists(item.path / ".git")


def _mark(item: Item) -> Mark | None:
    """Whose the item is; None when it is nobody's."""
    folder = item.path.is_dir()
    if mark := moodle_mark(item.name) or bulk_mark(item.name, folder):
        return mark
    if folder:
        kind = CLONES if _has_git(item) else FOLDERS
        return Mark(kind, item.name, item.name) if not item.name.startswith(".") else None
    if mark := canvas_mark(item.name) or single_mark(item.name):
        return mark
    if is_archive_name(item.name):
        name = archive_stem(item.name)
        return Mark(ARCHIVED, name, name)
    return None


def participants(items: list[Item], unplaced: list[tuple[str, str]]) -> list[Participant]:
    """The students of a class, each with all that is theirs.

    An item that names a student who has it already is another student's, with an id of its own:
    nobody can tell who of the two it is, and the class goes on.
    """
    students: dict[str, Participant] = {}
    again = _again(items)
    for item in sorted(items, key=lambda one: not unicodedata.is_normalized("NFC", one.name)):
        mark = again.get(item.name) or _mark(item)
        if mark is None:
            unplaced.append((readable(item.name), NOBODY))
            continue
        id = safe_id(mark.key)
        student = students.setdefault(id, Participant(mark, id))
        if not _fits(student, mark, item):
            first = student
            id += "-" + hashlib.sha256(os.fsencode(item.name)).hexdigest()[:6]
            student = students.setdefault(id, Participant(mark, id))
            student.parts.append((mark, item))
            _tell(first, student)
        else:
            student.parts.append((mark, item))
    return _without_case(list(students.values()))


def _again(items: list[Item]) -> dict[str, Mark]:
    """The marks of archives that are attempts of one student: alice_v1.zip and alice_v2.zip."""
    found: dict[str, list[tuple[int, str]]] = {}
    for item in items:
        mark = _mark(item)
        if mark and mark.kind == ARCHIVED:
            stem, number = numbered(mark.name)
            found.setdefault(stem.strip(), []).append((number, item.name))
    return {
        name: Mark(ARCHIVED, stem, stem, attempt=number)
        for stem, those in found.items()
        if len({number for number, _ in those}) == len(those) > 1
        for number, name in those
    }


def _without_case(students: list[Participant]) -> list[Participant]:
    """The students, put together where single files write one name in several cases."""
    kept: list[Participant] = []
    firsts: dict[str, Participant] = {}
    for student in students:
        first = firsts.setdefault(student.id.casefold(), student)
        single = first.mark.kind == student.mark.kind == SINGLE_FILES
        if first is student:
            kept.append(student)
        elif single and all(_fits(first, mark, item) for mark, item in student.parts):
            first.parts += student.parts
        else:
            _tell(first, student)
            kept.append(student)
    return kept


def _tell(one: Participant, other: Participant) -> None:
    """Remark on two students that they may be one."""
    names = [readable(student.parts[0][1].name) for student in (one, other)]
    same = unicodedata.normalize("NFC", names[0]) == unicodedata.normalize("NFC", names[1])
    how = " (one accent, written in two ways)" if same else ""
    remark = f"{names[0]} and {names[1]}{how} may be the same student: they are graded as two."
    one.remarks.append(remark)
    other.remarks.append(remark)


def _fits(student: Participant, mark: Mark, item: Item) -> bool:
    return all(_belong_together(other, earlier, mark, item) for other, earlier in student.parts)


def _belong_together(first: Mark, one: Item, second: Mark, other: Item) -> bool:
    """Whether two items that name the same student are parts of one submission."""
    if first.kind == second.kind == ARCHIVED and first.attempt != second.attempt:
        return True
    if first.kind != second.kind or first.kind in (FOLDERS, ARCHIVED, CLONES, ILIAS):
        return False
    if first.tag != second.tag:
        return False
    if first.came != second.came:
        return True
    if one.path.is_dir() and other.path.is_dir():  # Moodle makes one for each kind of work
        return one.name.rstrip("_").casefold() != other.name.rstrip("_").casefold()
    return first.file.casefold() != second.file.casefold() or first.age != second.age
