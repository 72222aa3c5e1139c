"""Rules that run programs: a starter passes nothing for free, a solution passes everything."""

from collections.abc import Callable, Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, checks_of
from chatkit.authoring.rules.todos import toml
from chatkit.bench.symptoms import Symptom
from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.lessons import Lesson
from chatkit.course.todo import named_in
from chatkit.grading.verdict import LessonVerdict

Grade = Callable[[Lesson, Path], LessonVerdict]


def solutions_score_100(
    clone: Clone, lesson: Lesson, grade: Grade | None = None
) -> Iterator[Problem]:
    """the solution has the full score"""
    verdict = (grade or the_grader())(lesson, lesson.solutions)
    if verdict.score != verdict.max_score or not verdict.checks:
        what = f"the solution scores {verdict.score} of {verdict.max_score}"
        cure = f"fix chatkit/reference/{lesson.step}; see chatkit check {lesson.number} --solutions"
        yield Problem(lesson.solutions, what, cure, detail=complaints(verdict))


def starters_wait_for_the_student(
    clone: Clone, lesson: Lesson, grade: Grade | None = None
) -> Iterator[Problem]:
    """the starter runs, says which TODO is next, and passes just the checks that are free"""
    programs = [lesson.folder / program for program in lesson.asked]
    if not all(program.is_file() for program in programs):
        return  # another rule asks for them
    verdict = (grade or the_grader())(lesson, lesson.folder)
    served = {name: todo.number for todo in lesson.todos for name in todo.checks}
    free = {check.id for check in checks_of(lesson) if check.free}
    for check in verdict.checks:
        if check.status == "passed" and check.id in served:
            what = f"the starter passes the check {check.id!r} without TODO {served[check.id]}"
            cure = (
                "make the check notice the gap. If it looks only at what is given, take it out of"
                " the checks of this TODO, and write free=True in its @check"
            )
            yield Problem(toml(lesson), what, cure)
        elif check.status == "failed" and check.id in free:
            what = f"the starter fails the check {check.id!r}, which is free"
            cure = "take free=True out of its @check, and name the check in the TODO that serves it"
            yield Problem(lesson.checks_file, what, cure, detail=complaints(verdict))
    for program in lesson.asked:
        yield from next_todo_is_said(lesson, program, verdict)


def next_todo_is_said(lesson: Lesson, program: str, verdict: LessonVerdict) -> Iterator[Problem]:
    """A student who starts with this program must be told its first TODO, and no other."""
    judges = {check.id for check in checks_of(lesson) if check.program == program}
    first = min((todo.number for todo in lesson.todos if todo.program == program), default=0)
    said = [
        number
        for check in verdict.checks
        if check.id in judges and check.symptom == Symptom.TODO
        if (number := named_in(check.message))
    ]
    if not said:
        what = "no check says which TODO is next in the starter"
        cure = "let the program reach a TODO as soon as it runs or somebody connects"
        yield Problem(lesson.folder / program, what, cure, detail=complaints(verdict))
    elif min(said) != first:
        what = f"the starter reaches TODO {min(said)} first, not TODO {first}"
        cure = "number the TODOs in the order in which the program reaches them"
        yield Problem(lesson.folder / program, what, cure)


def complaints(verdict: LessonVerdict) -> str:
    return "\n".join(
        f"{check.status} {check.id}: {check.message}"
        for check in verdict.checks
        if check.status not in ("passed", "skipped")
    )


def the_grader(only: tuple[str, ...] = ()) -> Grade:
    """The kit's own grader, for all checks or `only` some.

    It is imported when programs really run.
    """
    from chatkit.grading.options import RunOptions
    from chatkit.grading.parallel import worth_sharing
    from chatkit.grading.runner import grade_lesson
    from chatkit.grading.verdict import GradingError

    def grade(lesson: Lesson, folder: Path) -> LessonVerdict:
        try:
            options = RunOptions(only=only, at_once=1 if only else worth_sharing(lesson))
            return grade_lesson(lesson, folder, options)
        except GradingError as error:
            what = "the checks of the lesson cannot be run"
            cure = f"run pytest {lesson.checks_file.name} and fix what it names"
            raise AuthoringError(
                Problem(lesson.checks_file, what, cure, detail=str(error))
            ) from None

    return grade
