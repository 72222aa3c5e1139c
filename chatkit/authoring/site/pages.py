"""The pages of the site that are made from the sources: lessons, walkthroughs, the checks.

A link in a README works on a code host, where the reader sees the folders. The site has other
folders, so its pages get the same links rewritten. What the site does not have (a program, a test)
keeps its words and loses its link.
"""

from collections.abc import Iterator
from os.path import normpath
from pathlib import Path, PurePosixPath
from posixpath import relpath

from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.samples import Sample, samples
from chatkit.authoring.scenes.pages import figure, picture_file
from chatkit.authoring.scenes.scenes import scenes
from chatkit.authoring.site.blocks import for_the_site
from chatkit.authoring.site.markdown import Link, escaped, headings, replace_links
from chatkit.course.checks import Check
from chatkit.course.lessons import Lesson

CHECKS_INTRODUCTION = """\
# The checks

This is what each lesson is graded on. A check starts your program, talks to it as other programs
would, and looks only at what comes out. A lesson has 100 points.

Each check says where it comes from: the rule in [the contract](contract.md), and the TODO in your
starter program that makes it pass. *It catches* shows mistakes that fail this check, in the words
of those who make them. Each is a program in `tests/mistakes`, and the tests of the kit try it.
"""

MOST_MISTAKES = 3  # that are shown of a check; the others are counted


def page(text: str, readme: Path, target: Path, clone: Clone) -> str:
    """The page `target` of the site, made from the text of `readme`."""
    source = readme.relative_to(clone.root).as_posix()
    note = f"<!-- Made from {source} by `chatkit author sync`. Edit that file, not this one. -->"

    def change(link: Link) -> str:
        return site_link(link, readme, target, clone)

    return f"{note}\n\n{replace_links(for_the_site(text, readme), change)}"


def site_link(link: Link, readme: Path, target: Path, clone: Clone) -> str:
    """The link of `readme` as the page `target` must write it."""
    if is_elsewhere(link.target) or link.target.startswith("#"):
        return link.written
    path, hash_mark, fragment = link.target.partition("#")
    place = site_place(inside(readme.parent, path, clone.root), clone)
    if not place:
        return link.label
    if link.is_image and (moving := moving_picture(clone.root / place, clone)):
        return moving
    path = relpath(place, target.parent.relative_to(clone.root).as_posix())
    opening = "![" if link.is_image else "["
    return f"{opening}{link.label}]({path}{hash_mark}{fragment}{link.title})"


def moving_picture(image: Path, clone: Clone) -> str:
    """The figure of the scene whose still picture this is; "" for another image."""
    found = (scene for scene in scenes(clone) if picture_file(clone, scene) == image)
    return next((figure(clone, scene) for scene in found), "")


def is_elsewhere(target: str) -> bool:
    """Whether a link leaves the project: https, mailto."""
    return "://" in target or target.startswith("mailto:")


def inside(folder: Path, target: str, root: Path) -> str:
    """Where a link in `folder` leads, as seen from the root of the project."""
    return PurePosixPath(normpath(folder.relative_to(root) / target)).as_posix()


def site_place(path: str, clone: Clone) -> str:
    """The file of the site that shows this file or folder of the project; "" for none."""
    if path in (".", "README.md"):
        return "docs/index.md"
    for lesson in clone.lessons:
        for folder, pages in ((lesson.folder, "lessons"), (lesson.solutions, "walkthroughs")):
            name = folder.relative_to(clone.root).as_posix()
            if path in (name, f"{name}/README.md"):
                return f"docs/{pages}/{lesson.name}.md"
    return path if path.startswith("docs/") else ""


def checks_page(clone: Clone) -> str:
    """The text of `docs/checks.md`: for each check its points, its words, and what it catches."""
    contract = clone.docs / "contract.md"
    rules = headings(read(contract)) if contract.is_file() else []
    names = {heading.anchor: heading.text for heading in rules}
    mistakes = samples(clone.course, "mistakes")
    blocks = [CHECKS_INTRODUCTION.rstrip()]
    for lesson in clone.lessons:
        if not lesson.checks_file.is_file():
            continue
        blocks.append(f"## Lesson {lesson.number}: {lesson.title}")
        own = [mistake for mistake in mistakes if mistake.lesson == lesson]
        for check in checks_of(lesson):
            blocks += check_section(check, lesson, names, caught(check, own))
    return "\n\n".join(blocks) + "\n"


def caught(check: Check, mistakes: list[Sample]) -> list[str]:
    """Why each mistake that fails the check is made; those that spoil little else come first."""
    found = [
        (mistake.spoils, mistake.name, str(mistake.expected.get("why", "")))
        for mistake in mistakes
        if check.id in mistake.fails
    ]
    return [why for _, _, why in sorted(found) if why]


def check_section(
    check: Check, lesson: Lesson, rules: dict[str, str], whys: list[str]
) -> Iterator[str]:
    """The blocks of one check. Its anchor names the lesson: lessons share ids."""
    points = "1 point" if check.points == 1 else f"{check.points} points"
    yield f"### {check.id} · {points} {{ #lesson-{lesson.number}-{check.id} }}"
    yield f"{check.title[0].upper()}{check.title[1:]}."
    yield f"Hint: {check.hint}"
    facts = [f"Rule: [{rules.get(check.rule, check.rule)}](contract.md#{check.rule})."]
    todos = [str(todo.number) for todo in lesson.todos if check.id in todo.checks]
    if todos:
        facts.append(f"TODO {', '.join(todos)} in your program.")
    yield " ".join(facts)
    if whys:
        shown = [f"- “{escaped(why)}”" for why in whys[:MOST_MISTAKES]]
        if more := len(whys) - MOST_MISTAKES:
            shown += [f"- and {more} more"] * (more > 0)
        yield "It catches:"
        yield "\n".join(shown)
