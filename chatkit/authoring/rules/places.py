"""Rules about folders: every lesson has its facts, and nothing is left of one that has gone."""

import re
from collections.abc import Iterator
from os.path import normpath
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.site.markdown import links
from chatkit.authoring.site.pages import LESSON_PAGES, SLIDES, is_elsewhere
from chatkit.course.errors import Problem
from chatkit.course.places import set_aside

NUMBERED = re.compile(r"\d\d_\w+")
ROOMS = ("solutions", "tests/mistakes", "tests/alternatives")  # with a folder for each lesson


def lessons_have_their_facts(clone: Clone) -> Iterator[Problem]:
    """every lesson folder has a lesson.toml, and the lessons count from 1"""
    for folder in sorted((clone.root / "lessons").glob("[0-9][0-9]_*")):
        if folder.is_dir() and not (folder / "lesson.toml").is_file():
            cure = "write lesson.toml, or delete the folder: without it nobody sees the lesson"
            yield Problem(folder, "a lesson folder without a lesson.toml", cure)
    numbers = [lesson.number for lesson in clone.lessons]
    if numbers != list(range(1, len(numbers) + 1)):
        what = f"the lessons have the numbers {', '.join(map(str, numbers))}"
        cure = f"rename the folders so that they count from 01 to {len(numbers):02d}"
        yield Problem(clone.root / "lessons", what, cure)


def nothing_is_left_over(clone: Clone) -> Iterator[Problem]:
    """no program, page, sample or check is left over from a lesson that no longer has it"""
    names = {lesson.name for lesson in clone.lessons}
    for pages in LESSON_PAGES | SLIDES:
        for file in sorted((clone.docs / pages).glob("[0-9]*.md")):
            if file.stem not in names:
                yield left(clone, file)
    for lesson in clone.lessons:
        own = {name for name in lesson.modules if clone.owner(lesson, name) == lesson.step}
        for folder, wanted in (
            (lesson.folder, set(lesson.programs)),
            (lesson.solutions, {*lesson.asked, *own}),
        ):
            for file in sorted(folder.glob("*.py")):
                if file.name not in wanted and not set_aside(file.name):
                    yield left(clone, file)
    for room in ROOMS:
        for folder in sorted((clone.root / room).glob("*")):
            if NUMBERED.fullmatch(folder.name) and folder.name not in names:
                yield left(clone, folder)
    for file in sorted((clone.root / "tests/lessons").glob("test_[0-9]*.py")):
        if file.stem.removeprefix("test_") not in names:
            yield left(clone, file)
    steps = {clone.owner(one, program) for one in clone.lessons for program in one.programs}
    for folder in sorted((clone.root / "chatkit/reference").glob("*")):
        if any(folder.glob("*.py")) and folder.name not in steps:
            yield left(clone, folder)


def left(clone: Clone, place: Path) -> Problem:
    what = "no lesson has this folder" if place.is_dir() else "no lesson makes this file"
    names = ", ".join(lesson.name for lesson in clone.lessons)
    return Problem(place, what, f"delete it, or name it in a lesson. The lessons are: {names}")


def pages_link_to_what_is_there(clone: Clone) -> Iterator[Problem]:
    """every link of README.md and of a page of docs leads to a file that is there"""
    made = {
        clone.docs / pages / f"{lesson.name}.md"
        for pages in LESSON_PAGES | SLIDES
        for lesson in clone.lessons
    }
    for page in [clone.root / "README.md", *sorted(clone.docs.rglob("*.md"))]:
        if not page.is_file() or page in made:
            continue  # those that are made: another rule looks at their sources
        for link in links(read(page)):
            path = link.target.partition("#")[0]
            if is_elsewhere(link.target) or not path:
                continue
            target = Path(normpath(page.parent / path))
            if not target.exists() and target not in made:
                what = f"the link to {link.target} leads to nothing"
                yield Problem(page, what, "correct it, or take it out", link.line)
