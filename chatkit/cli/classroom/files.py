"""What an instructor gives away: hand-outs, autograders for platforms, the result of one hand-in.

These are commands of `chatkit class`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click

from chatkit.classroom.exports.handout import Handout, hand_out
from chatkit.classroom.exports.package import github_workflow, gradescope_zip
from chatkit.classroom.exports.single import Form, find_one, grade_one, write_result
from chatkit.cli.groups import Misuse
from chatkit.cli.printing import shown
from chatkit.cli.stopping import end_on_signals, stopped
from chatkit.course.lessons import Course, Lesson, find_course, kit_course
from chatkit.grading import feedback
from chatkit.grading.verdict import GradingError, Verdict
from chatkit.system.leftovers import OwnFolder


@click.command()
@click.option("--upto", "key", required=True, metavar="LESSON", help="The last lesson inside.")
@click.option(
    "--out",
    "target",
    required=True,
    metavar="FILE.zip",
    type=click.Path(path_type=Path),
    help="Where to write. An earlier hand-out there is replaced.",
)
def handout(key: str, target: Path) -> None:
    """Pack what students get: the lessons up to LESSON, the kit, and no solutions.

    It stops there because a later lesson gives programs that an earlier one asks for. Give out a
    new one when the next lesson begins.

    \b
    chatkit class handout --upto 1 --out week1.zip
    chatkit class handout --upto threads --out week3.zip

    Exit status 0: written. 2: wrong use, or a starter was solved in place; nothing is written.
    """
    course = find_course()
    made = hand_out(course, course.lesson(key), target)
    click.echo(f"{target} holds {len(made.files)} files, {made.bytes // 1000} kB:")
    for line in inside(made):
        click.echo(f"  {line}")
    click.echo("It holds no solutions and no walkthroughs, and nothing that only authors need.")


def inside(made: Handout) -> Iterator[str]:
    """A line for each folder of a hand-out."""
    for lesson in made.lessons:
        folder = f"lessons/{lesson}/"
        names = [name.removeprefix(folder) for name in made.files if name.startswith(folder)]
        yield f"{folder}: {', '.join(names)}"
    for folder, what in (("tests/lessons/", "the checks"), ("chatkit/", "the kit")):
        count = sum(name.startswith(folder) for name in made.files)
        yield f"{folder}: {what}, {count} files"
    rooms = ("lessons/", "tests/", "chatkit/")
    yield ", ".join(name for name in made.files if not name.startswith(rooms))


@click.command()
@click.argument("platform", type=click.Choice(["gradescope", "github"]))
@click.option(
    "--out",
    "target",
    required=True,
    metavar="FILE_OR_FOLDER",
    type=click.Path(path_type=Path),
    help="gradescope: a zip file. github: the folder of a repository.",
)
@click.option("--lesson", "keys", multiple=True, metavar="LESSON", help="Grade this lesson.")
@click.option(
    "--kit",
    metavar="ADDRESS",
    help="github: the address from which pip installs the kit. Needed there.",
)
def package(platform: str, target: Path, keys: tuple[str, ...], kit: str | None) -> None:
    """Make what a PLATFORM needs to grade with this kit.

    gradescope: the autograder, a zip file to upload. The kit is inside, without solutions.
    github: the workflow .github/workflows/classroom.yml for the repository that students start
    from.

    Name the lessons of the assignment: a named lesson that is not handed in gets no points. Without
    --lesson, only what is handed in counts.

    \b
    chatkit class package gradescope --out autograder.zip --lesson 1
    chatkit class package github --out tasks --kit git+https://example.org/chatkit

    Exit status 0: written. 2: wrong use; nothing is written.
    """
    course = find_course()
    lessons = named(course, keys)
    if platform == "gradescope":
        if kit:
            raise Misuse("--kit is for github: a package for Gradescope holds the kit")
        gradescope_zip(course, lessons, target)
        click.echo(f"{target} is the autograder. Upload it to Gradescope.")
        click.echo("Base image: Ubuntu 22.04 or newer. Time limit: some minutes a lesson.")
    else:
        if not kit:
            raise Misuse(
                "github needs --kit, the address from which pip installs the kit there, such "
                "as git+https://example.org/chatkit.git: it is not on the package index"
            )
        file = github_workflow(lessons, kit, target)
        click.echo(f"{file} is the workflow. Commit it to the repository that students get.")
    words = ", ".join(lesson.name for lesson in lessons) or "what is handed in"
    click.echo(f"It grades: {words}.")


@click.command()
@click.argument("submission", type=click.Path(path_type=Path))
@click.option(
    "--as", "form", required=True, type=click.Choice(["gradescope", "github", "junit"]),
    help="For whom: a program that reads the result.",
)  # fmt: skip
@click.option(
    "--out",
    "target",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write the result. What is there is replaced.",
)
@click.option("--lesson", "keys", multiple=True, metavar="LESSON", help="Grade this lesson.")
def one(submission: Path, form: str, target: Path, keys: tuple[str, ...]) -> None:
    """Grade one student's SUBMISSION and write the result for another program.

    SUBMISSION is a folder with lesson folders or programs in it, a repository, an archive, or one
    program. It is graded in the best isolation that this system can do. The checks are the kit's
    own, even when the submission brings some.

    A lesson that --lesson names and that is not there gets no points, unless it may be in something
    that cannot be read: then nothing is graded. Without --lesson, what is there is graded.

    \b
    chatkit class one alice/ --as gradescope --out results.json
    chatkit class one chatkit-handin.zip --as junit --out alice.xml --lesson 1
    chatkit class one . --as github --out result.json --lesson 1 --lesson 2

    Exit status 0: the result is written, whatever the points. 2: wrong use, or nothing to grade.
    3: the kit itself failed. With 2 and 3 nothing is written.
    """
    end_on_signals()
    try:
        with OwnFolder("one") as room:
            if target.is_dir():
                raise Misuse(f"{target} is a folder: --out takes a file")
            course = course_for(submission)
            work = find_one(submission, course, room.path, named(course, keys))
            for remark in work.remarks:
                click.echo(f"note: {remark}")
            found = grade_one(work, course, on_verdict=tell_verdict)
            write_result(cast(Form, form), found, target)
    except GradingError as error:
        click.echo(f"chatkit: {error.words}", err=True)
        sys.exit(3)
    except KeyboardInterrupt:
        stopped()
    score, most = sum(one.score for one in found), sum(one.max_score for one in found)
    click.echo(f"isolation: {found[0].isolation}")
    click.echo(f"{score} of {most} points. {target} is written.")


def course_for(submission: Path) -> Course:
    """The course to grade with: never one that lies in the submission. Raises CourseError."""
    course = find_course()
    if course.root.is_relative_to(submission.resolve()):
        return kit_course()
    return course


def named(course: Course, keys: tuple[str, ...]) -> list[Lesson]:
    """The lessons called `keys`, in the order of the course. Raises CourseError."""
    wanted = [course.lesson(key) for key in keys]
    return [lesson for lesson in course.lessons if lesson in wanted]


def tell_verdict(lesson: Lesson, verdict: Verdict) -> None:
    click.echo(f"{lesson.name} {shown(feedback.headline(verdict))}")
