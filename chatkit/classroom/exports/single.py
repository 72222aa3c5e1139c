"""One student's work, graded in one go: for platforms that run the grader once a hand-in.

There is no gradebook. The verdicts go into one file, in the form that the platform reads.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from chatkit._archives.filenames import readable
from chatkit._errors import UserError
from chatkit._files import write_whole
from chatkit.classroom.reports.results import github_classroom, gradescope, junit
from chatkit.classroom.submissions.copying import copy_lesson
from chatkit.classroom.submissions.items import Item
from chatkit.classroom.submissions.search import Search
from chatkit.classroom.submissions.submissions import SubmissionError, find_submissions
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.options import RunOptions
from chatkit.grading.parallel import WorkerLost
from chatkit.grading.verdict import GradingError, LessonVerdict, Verdict
from chatkit.grading.worker import Job, Worker
from chatkit.system.sandbox.sandbox import Tier

Form = Literal["gradescope", "github", "junit"]

# A result for GitHub goes through an environment variable: execve(2) takes 128 KiB for one string.
MOST_FOR_GITHUB = 100 * 1024  # bytes, in base64


class OneError(UserError):
    """This is not the work of one student; the message is one line that says what to do."""


@dataclass(frozen=True)
class Work:
    """What one student handed in."""

    lessons: tuple[tuple[Lesson, Path], ...]  # each with a copy of the student's folder for it
    remarks: tuple[str, ...]  # what was renamed, left out or missing, and why


def find_one(where: Path, course: Course, space: Path, wanted: Sequence[Lesson]) -> Work:
    """Find one student's work in the folder, archive or program `where`; copy it into `space`.

    They are searched for as in a class. A wanted lesson that is not there gets an empty folder;
    without `wanted`, what is there counts. Raises SubmissionError when there is nothing to grade,
    OneError when it is the work of several students, or when a wanted lesson may be in what cannot
    be read.
    """
    alone = wanted[0] if len(wanted) == 1 else None
    if len(course.lessons) == 1:
        alone = course.lessons[0]
    search = Search(course, alone, space / "unpacked")
    found = search.lessons(_items(where, search))
    folders = {
        name: space / name for name, one in found.items() if copy_lesson(search, one, space / name)
    }
    remarks = tuple(search.remarks)
    if not folders:
        several = []
        try:
            submissions = find_submissions(where, course, space / "found", alone).submissions
            several = [one for one in submissions if one.lessons]
        except SubmissionError:  # it speaks of a class
            if search.untold or not (search.seen or search.obstacles):
                raise
        why = search.why_not(folders)
        if len(several) > 1:
            raise OneError(
                f"{readable(str(where))} holds the work of {len(several)} students: "
                f"chatkit class grade takes a class. If it is one student's: {why}"
            )
        raise OneError(f"{readable(str(where))} cannot be graded: {why}")
    why = search.why_not(folders)
    for lesson in wanted:
        if lesson.name not in folders:
            if why:
                raise OneError(f"{lesson.name} cannot be graded: {why}")
            folders[lesson.name] = space / lesson.name
            folders[lesson.name].mkdir()
            remarks += (f"{lesson.name} is not there: all its checks fail.",)
    chosen = [lesson for lesson in course.lessons if lesson.name in folders]
    return Work(
        tuple((lesson, folders[lesson.name]) for lesson in chosen if lesson in (wanted or chosen)),
        remarks,
    )


def _items(where: Path, search: Search) -> list[Item]:
    """What lies in the folder `where`, or the archive or program itself."""
    if where.is_dir():
        return search.look_into(where.resolve())
    return [Item(where.name, where)] if where.is_file() else []


def grade_one(
    work: Work,
    course: Course,
    *,
    tier: Tier = "namespaces",
    on_verdict: Callable[[Lesson, Verdict], None] = lambda lesson, verdict: None,
) -> list[LessonVerdict]:
    """Grade all lessons of `work` in the best isolation that the system can do, at most `tier`.

    `on_verdict` hears each verdict as it falls. Raises GradingError when the kit itself fails,
    KeyboardInterrupt on Ctrl-C (every program has been ended by then).
    """
    seed = secrets.token_hex(4)
    try:
        with Worker(tier) as worker:
            return [
                worker.grade(
                    Job(course.root, lesson.name, folder, RunOptions(seed=seed)),
                    partial(on_verdict, lesson),
                )
                for lesson, folder in work.lessons
            ]
    except WorkerLost as lost:
        raise GradingError(str(lost)) from None


def write_result(form: Form, lessons: Sequence[LessonVerdict], file: Path) -> Path:
    """Write what was found to `file`, whole or not at all. Raises WriteError."""
    if form == "junit":
        return write_whole(file, junit([("", lessons)]))
    if form == "gradescope":
        return write_whole(file, json.dumps(gradescope(lessons), indent=1) + "\n")
    return write_whole(file, _json(within(github_classroom(lessons), MOST_FOR_GITHUB)))


def within(result: dict[str, Any], most: int) -> dict[str, Any]:
    """The result for GitHub with its longest messages cut, until it has `most` bytes in base64."""
    keep = max((len(test["message"]) for test in result["tests"]), default=0)
    while keep and len(b64encode(_json(result).encode())) > most:
        keep //= 2
        tests = [
            test
            if len(test["message"]) <= keep
            else test | {"message": f"{test['message'][:keep]}…"}
            for test in result["tests"]
        ]
        result = result | {"tests": tests}
    return result


def _json(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"
