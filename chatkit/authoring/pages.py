"""The pages of the site that are made from the sources: lessons, walkthroughs, the checks.

A link in a README works on a code host, where the reader sees the folders. The site has other
folders, so its pages get the same links rewritten. What the site does not have (a program, a test)
keeps its words and loses its link.
"""

from os.path import normpath
from pathlib import Path, PurePosixPath
from posixpath import relpath

from chatkit.authoring.blocks import for_the_site
from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.markdown import Link, headings, replace_links
from chatkit.course import Check, Lesson

CHECKS_INTRODUCTION = """\
# The checks

This is what each lesson is graded on. A check starts your program, talks to it as other programs
would, and looks only at what comes out. A lesson has 100 points.

The column TODO names the tasks in your starter program that make the check pass. The rule behind
every check stands in [the contract](contract.md).
"""


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
    path = relpath(place, target.parent.relative_to(clone.root).as_posix())
    opening = "![" if link.is_image else "["
    return f"{opening}{link.label}]({path}{hash_mark}{fragment}{link.title})"


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
    """The text of `docs/checks.md`: a table for each lesson."""
    contract = clone.docs / "contract.md"
    rules = headings(read(contract)) if contract.is_file() else []
    names = {heading.anchor: heading.text for heading in rules}
    lines = [CHECKS_INTRODUCTION]
    for lesson in clone.lessons:
        if not lesson.checks_file.is_file():
            continue
        lines += [
            f"## Lesson {lesson.number}: {lesson.title}\n",
            "| check | points | what it looks at | hint | contract | TODO |",
            "|---|---|---|---|---|---|",
            *(check_row(check, lesson, names) for check in checks_of(lesson)),
            "",
        ]
    return "\n".join(lines)


def check_row(check: Check, lesson: Lesson, rules: dict[str, str]) -> str:
    todos = [str(todo.number) for todo in lesson.todos if check.id in todo.checks]
    cells = (
        f"`{check.id}`",
        str(check.points),
        check.title,
        check.hint,
        f"[{rules.get(check.rule, check.rule)}](contract.md#{check.rule})",
        ", ".join(todos),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
