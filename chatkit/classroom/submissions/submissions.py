"""Find what the students of a class handed in, however it was packed.

The folder of submissions is only read. What can be graded is copied or unpacked into a folder of
the caller. Links are never followed, and what one student did wrong is a remark on that student.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from chatkit._archives.filenames import archive_stem, brief, is_archive_name, readable
from chatkit._archives.unpacking import CLASS, ArchiveError, unpack
from chatkit._errors import UserError
from chatkit.classroom.exports.handin import MANIFEST
from chatkit.classroom.late.clones import commits
from chatkit.classroom.people.lists import LISTS
from chatkit.classroom.submissions.attempts import Parts, attempts_of
from chatkit.classroom.submissions.bulk import ILIAS, without_late
from chatkit.classroom.submissions.copying import copy_lesson
from chatkit.classroom.submissions.items import Item, LessonPrograms, listing
from chatkit.classroom.submissions.layouts import Mark, lesson_named, safe_id, without_copy
from chatkit.classroom.submissions.participants import CLONES, Layout, Participant, participants
from chatkit.classroom.submissions.search import Search
from chatkit.course.lessons import Course, Lesson

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # nothing can write these: JSON, a database
SHARED = "Handed in once for the group"  # begins a remark
CLASS_RULES = "class.toml"  # the instructor's, beside the submissions

# Layouts, as people read them. The platforms' names are in `layouts`.
ALONE = "one student's work"


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
    came: str = ""  # when, as the platform writes it; empty when nothing says it
    reply: str = ""  # the name under which the platform takes feedback files for it
    was: str = ""  # the id before people.csv gave another one
    group: str = ""  # whose hand-in it is, when several students share it
    clone: Path | None = None  # the Git clone that it is
    places: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)  # files of `lessons` there
    came_on: Mapping[str, str] = field(
        default_factory=dict
    )  # as `came`, where a lesson has its own
    earlier: tuple["Submission", ...] = ()  # the attempts before this one, the oldest first

    @property
    def attempts(self) -> tuple["Submission", ...]:
        """This one and those before it, the oldest first."""
        return (*self.earlier, self)

    def when(self, lesson: str) -> str:
        """When the work for `lesson` came, as it is written; empty when nothing says it."""
        return self.came_on.get(lesson, self.came)


@dataclass(frozen=True)
class Found:
    """All that lay in a folder or an archive of submissions."""

    submissions: tuple[Submission, ...]  # by id
    unplaced: tuple[tuple[str, str], ...]  # what is nobody's, and why
    kind: str  # the layout, for people: "a Moodle download"
    notes: tuple[str, ...] = ()  # names that may mean the same student


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
    `where`, and is not a student's. Raises SubmissionError when there is nothing to grade, when an
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
    look = Layout(course, lost)
    items = look.handed_in(items, out, unplaced)
    if not items:
        raise SubmissionError(f"{shown} is empty")
    if look.is_one_student(items):
        root = Mark(ALONE, name, name)
        students = [Participant(root, safe_id(name), [(root, item) for item in items])]
        if any(item.name == CLASS_RULES for item in items):
            unplaced.append((CLASS_RULES, "it is this student's own, and no rules of the class"))
    else:
        items = look.handed_in(look.unwrapped(items, unplaced), out, unplaced)
        own = {where.resolve() / name for name in (CLASS_RULES, *LISTS)}
        items = [item for item in look.without_lessons(items, unplaced) if item.path not in own]
        students = participants(items, unplaced)
        notes = [remark for student in students for remark in student.remarks]
    for item in items:
        if out and item.path.is_dir() and out.is_relative_to(item.path.resolve()):
            raise SubmissionError(
                f"{readable(str(out))} lies in what was handed in: use another --out"
            )
    submissions = []
    untold = False
    for number, student in enumerate(students):
        room, target = space / "unpacked" / str(number + 1), space / "students" / str(number + 1)
        searches = [Search(course, lesson, room, lost)]
        rounds = attempts_of(student.parts, searches[0])
        searches += [
            Search(course, lesson, room / f"attempt-{one}", lost) for one in range(1, len(rounds))
        ]
        tried = [
            look_through(student, parts, search, target / str(one))
            for one, (parts, search) in enumerate(zip(rounds, searches, strict=True))
        ]
        submissions.append(replace(tried[-1], earlier=tuple(tried[:-1])))
        if student.mark.attempt or (student.mark.tag and len(rounds) > 1):  # names alone say so
            names = ", ".join(readable(item.name) for _, item in student.parts)
            notes.append(f"{names} are taken for attempts of one student, {student.id}.")
        untold = untold or any(search.untold for search in searches)
        shutil.rmtree(room, ignore_errors=True)
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
            raise SubmissionError(f"{readable(str(where))} is not a folder, zip, tar or program")
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


# What each of them has


def look_through(student: Participant, parts: Parts, search: Search, space: Path) -> Submission:
    """Look at the parts of one attempt of a student, and copy what can be graded."""
    items = _items(parts, search)
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
        late=any(mark.late for mark, _ in parts) or bool(search.late),
        source=_source(student, parts),
        remarks=tuple(remarks),
        number=student.mark.number,
        late_lessons=frozenset(_late(parts, search, found)),
        remarks_on=remarks_on,
        without=frozenset((search.promised | search.called) - set(lessons)),
        why_not=search.why_not(lessons),
        came=_came(parts),
        reply=next((mark.reply for mark, _ in parts if mark.reply), ""),
        clone=next(
            (item.path for mark, item in parts if mark.kind == CLONES and item.path.is_dir()), None
        ),
        places={lesson: _places(one) for lesson, one in found.items() if lesson in lessons},
    )


def _places(found: LessonPrograms) -> tuple[Path, ...]:
    """The files and folders that the work for a lesson was copied from."""
    programs = (item for item, _ in found.programs.values())
    return tuple(dict.fromkeys(item.path for item in (*programs, *found.beside)))


def _came(parts: Parts) -> str:
    """When the parts came, as a platform or the last commit of a clone says it."""
    for mark, item in parts:
        if mark.came:
            return mark.came
        if mark.kind == CLONES and (history := commits(item.path)):
            return history[0].moment.isoformat()
    return ""


def _late(parts: Parts, search: Search, found: Mapping[str, LessonPrograms]) -> Iterator[str]:
    """The lessons with a program that lies in a late part of the student's work."""
    late: set[Path] = set(search.late)
    behind = [item for mark, item in parts if mark.late]
    while behind:
        item = behind.pop()
        late.add(item.path)
        behind += search.opened.get(item.path, [])
    for lesson, one in found.items():
        if any(item.path in late for item, _ in one.programs.values()):
            yield lesson


def _source(student: Participant, parts: Parts) -> str:
    if student.mark.kind == ALONE:
        return readable(student.mark.name)
    own = {item.path for _, item in student.parts}
    return ", ".join(
        readable(item.name if item.path in own else f"{student.parts[0][1].name}/{item.name}")
        for _, item in parts
    )


def _items(parts: Parts, search: Search) -> list[Item]:
    """What lies in the student's own folder, or would, had the platform kept one."""
    items: list[Item] = []
    for mark, item in _newest(parts, search):
        if mark.file:
            items.append(replace(item, name=mark.file))
            if mark.attempt:
                name = readable(item.name.rpartition(f"_{mark.age}_")[2])
                search.remark(f"{name} counts: the newest of {mark.attempt} versions.")
        elif mark.kind == ALONE:
            items.append(item)
        elif mark.kind == ILIAS:
            for one in search.open(item):
                name, late = without_late(one.name)
                items.append(replace(one, name=name))
                if late:
                    search.late.append(one.path)
        else:
            items += search.open(item)
    for item in items:
        if item.name == MANIFEST:
            search.read_manifest(item.path.parent)
    return items


def _newest(parts: Parts, search: Search) -> Iterator[tuple[Mark, Item]]:
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
            mark = replace(mark, file=first)
        yield mark, item
