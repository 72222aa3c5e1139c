"""Find what the students of a class handed in, however it was packed.

The folder of submissions is only read. What can be graded is copied or unpacked into a folder of
the caller. Links are never followed, and what one student did wrong is a remark on that student.
"""

import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chatkit._archives.filenames import archive_stem, brief, is_archive_name, readable
from chatkit._archives.unpacking import CLASS, ArchiveError, unpack
from chatkit._errors import UserError
from chatkit.classroom.exports.handin import MANIFEST
from chatkit.classroom.gradebook import FILE as GRADEBOOK
from chatkit.classroom.submissions.copying import copy_lesson
from chatkit.classroom.submissions.items import Found as FoundPrograms
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
    without_copy,
)
from chatkit.classroom.submissions.search import Search, all_programs
from chatkit.course.lessons import Course, Lesson

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # nothing can write these: JSON, a database
CLASS_RULES = "class.toml"  # the instructor's, beside the submissions
NOBODY = "it is no student's folder, archive or program"

# Layouts, as people read them. The platforms' names are in `layouts`.
ALONE = "one student's work"
FOLDERS, ARCHIVED, CLONES = "student folders", "student archives", "GitHub Classroom clones"


class SubmissionError(UserError):
    """The submissions cannot be graded as they are; the message is one line that says why."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in."""

    student: str  # a unique id that is safe in file names and rows
    name: str  # as people read it; may hold anything
    lessons: Mapping[str, Path]  # name of a lesson -> a copy of the student's folder for it
    late: bool  # the platform says so, of a part of it
    source: str  # where it lay, for people
    remarks: tuple[str, ...]  # what was renamed, left out or missing, and why
    number: str = ""  # the platform's own number for the student: Moodle's, Canvas's
    late_lessons: frozenset[str] = frozenset()  # those of `lessons` that are late
    remarks_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # on each of `lessons`
    without: frozenset[str] = frozenset()  # lessons that it names, and of which it has no program
    why_not: str = ""  # why a lesson that is not in `lessons` may have been handed in all the same


@dataclass(frozen=True)
class Found:
    """All that lay in a folder or an archive of submissions."""

    submissions: tuple[Submission, ...]  # by id
    unplaced: tuple[tuple[str, str], ...]  # what is nobody's, and why
    kind: str  # the layout, for people: "a Moodle download"
    notes: tuple[str, ...] = ()  # names that may mean the same student


@dataclass
class _Student:
    """What belongs to one student, before anybody has looked inside."""

    mark: Mark
    id: str
    parts: list[tuple[Mark, Item]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def find_submissions(
    where: Path,
    course: Course,
    space: Path,
    lesson: Lesson | None = None,
    out: Path | None = None,
) -> Found:
    """Find the students in the folder or archive `where`, and copy their programs into `space`.

    `space` is a folder outside `where`, empty or not there yet. `lesson` says which lesson the
    programs are of that lie in no lesson's folder. `out` is where reports go: it may lie in
    `where`, and is no student's. Raises SubmissionError when there is nothing to grade, when an
    archive of the whole class cannot be unpacked, when `out` is `where` or lies in a student's
    work, and when `space` cannot be written.
    """
    try:
        if out and out.resolve() == where.resolve():
            raise SubmissionError(f"{readable(str(out))} holds the submissions: use another --out")
        if where.is_dir() and space.resolve().is_relative_to(where.resolve()):
            raise SubmissionError(f"{readable(str(space))} lies inside the submissions")
        space.mkdir(parents=True, exist_ok=True)
        if any(space.iterdir()):
            raise SubmissionError(f"{readable(str(space))} is not empty")
        try:
            return _find(where, course, space, lesson, out and out.resolve())
        except BaseException:
            shutil.rmtree(space / "students", ignore_errors=True)
            raise
        finally:
            shutil.rmtree(space / "unpacked", ignore_errors=True)
    except OSError as error:
        at = readable(str(error.filename or space))
        raise SubmissionError(f"{at}: {error.strerror or error}") from None


def _find(
    where: Path, course: Course, space: Path, lesson: Lesson | None, out: Path | None
) -> Found:
    shown = readable(str(where))
    if not where.exists():
        raise SubmissionError(f"there is no folder or archive {shown}")
    unplaced: list[tuple[str, str]] = []
    notes: list[str] = []  # what several students share
    lost: dict[Path, list[Item]] = {}
    items, name = _top(where, space, unplaced, lost)
    look = _Look(course, lost)
    items = look.handed_in(items, out, unplaced)
    if not items:
        raise SubmissionError(f"{shown} is empty")
    if look.is_one_student(items):
        root = Mark(ALONE, name, name)
        students = [_Student(root, safe_id(name), [(root, item) for item in items])]
        if any(item.name == CLASS_RULES for item in items):
            unplaced.append((CLASS_RULES, "it is this student's own, and no rules of the class"))
    else:
        items = look.handed_in(look.unwrapped(items, unplaced), out, unplaced)
        rules = where.resolve() / CLASS_RULES
        items = [item for item in look.without_lessons(items, unplaced) if item.path != rules]
        students = _students(items, unplaced)
        notes = [remark for student in students for remark in student.remarks]
    for item in items:
        if out and item.path.is_dir() and out.is_relative_to(item.path.resolve()):
            raise SubmissionError(
                f"{readable(str(out))} lies in what was handed in: use another --out"
            )
    submissions = []
    untold = False
    for number, student in enumerate(students):
        search = Search(course, lesson, space / "unpacked" / str(number + 1), lost)
        submissions.append(_submission(student, search, space / "students" / str(number + 1)))
        untold = untold or search.untold
        shutil.rmtree(search.room, ignore_errors=True)
    known = any(mark.number for student in students for mark, _ in student.parts)
    if not any(one.lessons for one in submissions) and not (known and not untold):
        if untold:
            raise SubmissionError(
                f"the programs in {shown} lie in no lesson's folder: say which lesson they are of, "
                f"such as --lesson {course.lessons[0].number}"
            )
        first = [f" First: {readable(one.source)}: {one.why_not}." for one in submissions[:1]]
        raise SubmissionError(
            f"no lesson found in {shown}: a student's folder holds folders such as "
            f"{course.lessons[0].name}, with server.py or client.py in them.{''.join(first)}"
        )
    kinds = dict.fromkeys(mark.kind for student in students for mark, _ in student.parts)
    return Found(
        tuple(sorted(submissions, key=lambda one: one.student.casefold())),
        tuple(unplaced),
        " and ".join(kinds),
        tuple(dict.fromkeys(notes)),
    )


def _top(
    where: Path,
    space: Path,
    unplaced: list[tuple[str, str]],
    lost: dict[Path, list[Item]],
) -> tuple[list[Item], str]:
    """The items of the whole class, and a name for all of it.

    What an archive of the class holds and could not be kept goes to `lost`, by the folder.
    """
    where = where.resolve()  # what the instructor names may be a link
    if where.is_dir():
        return listing(where, unplaced), where.name
    if not is_archive_name(where.name):
        if not where.name.casefold().endswith((".py", ".py.txt")):
            raise SubmissionError(f"{readable(str(where))} is no folder, zip, tar or program")
        return [Item(where.name, where)], where.parent.name
    folder = space / "unpacked" / "0"
    try:
        found = unpack(where, folder, CLASS)
    except ArchiveError as error:
        raise SubmissionError(str(error)) from None
    unplaced += [(readable(where.name), remark) for remark in found.remarks]
    for one in found.lost:
        path = folder.joinpath(*one.parts)
        lost.setdefault(path.parent, []).append(Item(path.name, path, one.why))
    return [*listing(folder, unplaced), *lost.get(folder, ())], archive_stem(where.name)


# Who is there


@dataclass
class _Look:
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

    def unwrapped(self, items: list[Item], unplaced: list[tuple[str, str]]) -> list[Item]:
        """The items one level down, when all students lie in one folder more."""
        folders = [item for item in items if item.path.is_dir()]
        others = [item for item in items if not item.path.is_dir() and _mark(item)]
        if len(folders) != 1 or others:
            return items
        (folder,) = folders
        if _has_git(folder) or moodle_mark(folder.name) or self.has_work(folder):
            return items
        left_out: list[tuple[str, str]] = []
        inner = [*listing(folder.path, left_out), *self.lost.get(folder.path, ())]
        if sum(_mark(item) is not None for item in inner) < 2:
            return items
        unplaced += left_out
        unplaced += [(readable(one.name), NOBODY) for one in items if one is not folder]
        return inner


def _has_git(item: Item) -> bool:
    return os.path.lexists(item.path / ".git")


def _mark(item: Item) -> Mark | None:
    """Whose the item is; None when it is nobody's."""
    if mark := moodle_mark(item.name):
        return mark
    if item.path.is_dir():
        kind = CLONES if _has_git(item) else FOLDERS
        return Mark(kind, item.name, item.name) if not item.name.startswith(".") else None
    if mark := canvas_mark(item.name) or single_mark(item.name):
        return mark
    if is_archive_name(item.name):
        name = archive_stem(item.name)
        return Mark(ARCHIVED, name, name)
    return None


def _students(items: list[Item], unplaced: list[tuple[str, str]]) -> list[_Student]:
    """The students of a class, each with all that is theirs.

    An item that names a student who has it already is another student's, with an id of its own:
    nobody can tell who of the two it is, and the class goes on.
    """
    students: dict[str, _Student] = {}
    for item in sorted(items, key=lambda one: not unicodedata.is_normalized("NFC", one.name)):
        mark = _mark(item)
        if mark is None:
            unplaced.append((readable(item.name), NOBODY))
            continue
        id = safe_id(mark.key)
        student = students.setdefault(id, _Student(mark, id))
        if not _fits(student, mark, item):
            first = student
            id += "-" + hashlib.sha256(os.fsencode(item.name)).hexdigest()[:6]
            student = students.setdefault(id, _Student(mark, id))
            student.parts.append((mark, item))
            _tell(first, student)
        else:
            student.parts.append((mark, item))
    return _without_case(list(students.values()))


def _without_case(students: list[_Student]) -> list[_Student]:
    """The students, put together where single files write one name in several cases."""
    kept: list[_Student] = []
    firsts: dict[str, _Student] = {}
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


def _tell(one: _Student, other: _Student) -> None:
    """Remark on two students that they may be one."""
    names = [readable(student.parts[0][1].name) for student in (one, other)]
    same = unicodedata.normalize("NFC", names[0]) == unicodedata.normalize("NFC", names[1])
    how = " (one accent, written in two ways)" if same else ""
    remark = f"{names[0]} and {names[1]}{how} may be the same student: they are graded as two."
    one.remarks.append(remark)
    other.remarks.append(remark)


def _fits(student: _Student, mark: Mark, item: Item) -> bool:
    return all(_belong_together(other, earlier, mark, item) for other, earlier in student.parts)


def _belong_together(first: Mark, one: Item, second: Mark, other: Item) -> bool:
    """Whether two items that name the same student are parts of one submission."""
    if first.kind != second.kind or first.kind in (FOLDERS, ARCHIVED, CLONES):
        return False
    if one.path.is_dir() and other.path.is_dir():  # Moodle makes one for each kind of work
        return one.name.rstrip("_").casefold() != other.name.rstrip("_").casefold()
    return first.file.casefold() != second.file.casefold() or first.age != second.age


# What each of them has


def _submission(student: _Student, search: Search, space: Path) -> Submission:
    """Look at all parts of the student's work and copy what can be graded."""
    items = _items(student, search)
    found = search.lessons(items)
    if not found and not search.remarks:
        names = ", ".join(brief(item.name) for item in items[:5]) or "nothing"
        search.remark(f"No programs were found. What is there: {names}.")
    for remark in student.remarks:
        search.remark(remark)
    general = search.remarks
    remarks = dict(general)
    lessons: dict[str, Path] = {}
    remarks_on: dict[str, tuple[str, ...]] = {}
    for lesson, one in sorted(found.items()):
        search.remarks = dict(general)
        if copy_lesson(search, one, space / lesson):
            lessons[lesson] = space / lesson
            remarks_on[lesson] = tuple(search.remarks)
        remarks |= search.remarks
    return Submission(
        student=student.id,
        name=LONE_SURROGATE.sub("\ufffd", student.mark.name),
        lessons=lessons,
        late=any(mark.late for mark, _ in student.parts),
        source=_source(student),
        remarks=tuple(remarks),
        number=student.mark.number,
        late_lessons=frozenset(_late(student, search, found)),
        remarks_on=remarks_on,
        without=frozenset((search.promised | search.called) - set(lessons)),
        why_not=search.why_not(lessons),
    )


def _late(student: _Student, search: Search, found: Mapping[str, FoundPrograms]) -> Iterator[str]:
    """The lessons with a program that lies in a late part of the student's work."""
    late: set[Path] = set()
    behind = [item for mark, item in student.parts if mark.late]
    while behind:
        item = behind.pop()
        late.add(item.path)
        behind += search.opened.get(item.path, [])
    for lesson, one in found.items():
        if any(item.path in late for item, _ in one.programs.values()):
            yield lesson


def _source(student: _Student) -> str:
    if student.mark.kind == ALONE:
        return readable(student.mark.name)
    return ", ".join(readable(item.name) for _, item in student.parts)


def _items(student: _Student, search: Search) -> list[Item]:
    """What lies in the student's own folder, or would, had the platform kept one."""
    items: list[Item] = []
    for mark, item in _newest(student.parts, search):
        if mark.file:
            items.append(replace(item, name=mark.file))
        elif mark.kind == ALONE:
            items.append(item)
        else:
            items += search.open(item)
    for item in items:
        if item.name == MANIFEST:
            search.read_manifest(item.path.parent)
    return items


def _newest(parts: list[tuple[Mark, Item]], search: Search) -> Iterator[tuple[Mark, Item]]:
    """The parts without those that the student has replaced by a newer file.

    Canvas adds -1, -2 to the name of a file that is handed in again, and numbers all files in
    the order in which they came. A name such as lesson-1.zip is not meant so.
    """
    versions: dict[str, list[tuple[Mark, Item]]] = {}
    for mark, item in parts:
        name = mark.file
        if mark.age and not lesson_named(archive_stem(name), search.course):
            name = without_copy(name)[0]
        versions.setdefault(name.casefold() or item.name, []).append((mark, item))
    for same in versions.values():
        mark, item = max(same, key=lambda one: (one[0].age, without_copy(one[0].file)[1]))
        if len(same) > 1:
            first = without_copy(mark.file)[0]
            search.remark(f"{readable(mark.file)} counts: the newest of {len(same)} versions.")
            item = replace(item, name=first)
            mark = Mark(mark.kind, mark.name, mark.key, mark.number, first, mark.age, mark.late)
        yield mark, item
