"""Every view of the course: which file holds it, and what must stand there."""

from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.scenes.pages import gallery, pictures
from chatkit.authoring.scenes.scenes import scenes
from chatkit.authoring.site import places
from chatkit.authoring.site.blocks import filled
from chatkit.authoring.site.changes import changes_section
from chatkit.authoring.site.checkpages import checks_pages
from chatkit.authoring.site.commands import commands_pages
from chatkit.authoring.site.pages import page
from chatkit.authoring.teaching.sheets import sheets
from chatkit.authoring.teaching.slides import slides
from chatkit.course.lessons import Lesson
from chatkit.course.regions import starter

MARKS = ("<!-- api: ", "<!-- made: ")


def views(clone: Clone) -> dict[Path, str]:
    """All views by file. What its source still lacks is left out. Raises AuthoringError."""
    found: dict[Path, str] = {}
    for lesson in clone.lessons:
        found.update(programs(clone, lesson))
        found.update(texts(clone, lesson))
    found.update(checks_pages(clone))
    found.update(sheets(clone))
    found.update(slides(clone))
    if clone.command_line:
        commands = commands_pages(clone.command_line)
        found.update({clone.docs / file: text for file, text in commands.items()})
    if scenes(clone):
        found.update(pictures(clone))
        found[clone.docs / "scenes.md"] = gallery(clone)
    found.update(with_places(clone, made=set(found)))
    return found


def with_places(clone: Clone, made: set[Path]) -> Iterator[tuple[Path, str]]:
    """The pages that are written by hand and have places to fill."""
    for file in sorted(clone.docs.rglob("*.md")):
        if file not in made:
            text = read(file)
            if any(line.startswith(MARKS) for line in text.split("\n")):
                yield file, places.filled(text, clone, file)


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
            shown = page(text, readme, target, clone, lesson)
            if pages == "walkthroughs" and (before := clone.course.before(lesson)):
                shown += "".join(
                    f"\n{part}\n" for part in [changes_section(clone, before, lesson)] if part
                )
            yield target, shown
