"""Every view of the course: which file holds it, and what must stand there."""

from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.samples import samples
from chatkit.authoring.scenes.pages import gallery, pictures
from chatkit.authoring.scenes.scenes import scenes
from chatkit.authoring.site import api
from chatkit.authoring.site.blocks import filled
from chatkit.authoring.site.cataloguepage import with_catalogue
from chatkit.authoring.site.changes import changes_page
from chatkit.authoring.site.commands import commands_page
from chatkit.authoring.site.mistakepage import mistakes_page
from chatkit.authoring.site.pages import checks_page, page
from chatkit.course.lessons import Lesson
from chatkit.course.regions import starter


def views(clone: Clone) -> dict[Path, str]:
    """All views by file. What its source still lacks is left out. Raises AuthoringError."""
    found: dict[Path, str] = {}
    for lesson in clone.lessons:
        found.update(programs(clone, lesson))
        found.update(texts(clone, lesson))
    found[clone.docs / "checks.md"] = checks_page(clone)
    if mistakes := samples(clone.course, "mistakes"):
        found[clone.docs / "mistakes.md"] = mistakes_page(clone, mistakes)
    found[clone.docs / "changes.md"] = changes_page(clone)
    bench = clone.docs / "bench.md"
    if bench.is_file():
        found[bench] = api.filled(read(bench), clone, bench)
    errors = clone.docs / "errors.md"
    if errors.is_file():
        found[errors] = with_catalogue(read(errors), clone, errors)
    if clone.command_line:
        found[clone.docs / "commands.md"] = commands_page(clone.command_line)
    if scenes(clone):
        found.update(pictures(clone))
        found[clone.docs / "scenes.md"] = gallery(clone)
    return found


def programs(clone: Clone, lesson: Lesson) -> Iterator[tuple[Path, str]]:
    """Starters and finished programs; a program that the lesson gives is finished."""
    for program in lesson.programs:
        step = clone.owner(lesson, program)
        file = clone.reference(step, program)
        if not file.is_file():
            continue
        if program in lesson.asked:
            yield lesson.folder / program, starter(read(file), file)
            yield lesson.solutions / program, clone.finished(step, program)
        else:
            yield lesson.folder / program, clone.finished(step, program)
        if program in lesson.modules and step == lesson.step:  # its solution imports it, too
            yield lesson.solutions / program, clone.finished(step, program)


def texts(clone: Clone, lesson: Lesson) -> Iterator[tuple[Path, str]]:
    """The lesson and its walkthrough with their code filled in, and the pages of the site."""
    for folder, pages in ((lesson.folder, "lessons"), (lesson.solutions, "walkthroughs")):
        readme = folder / "README.md"
        if readme.is_file():
            text = filled(read(readme), clone, lesson, readme)
            yield readme, text
            target = clone.docs / pages / f"{lesson.name}.md"
            yield target, page(text, readme, target, clone)
