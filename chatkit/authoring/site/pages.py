"""The pages of the site that are made from a README: lessons and walkthroughs.

A link in a README works on a code host, where the reader sees the folders. The site has other
folders, so its pages get the same links rewritten. What the site does not have (a program, a test)
keeps its words and loses its link.
"""

from os.path import normpath
from pathlib import Path, PurePosixPath
from posixpath import relpath

from chatkit.authoring.clone import Clone
from chatkit.authoring.scenes.pages import figure, picture_file
from chatkit.authoring.scenes.scenes import scenes
from chatkit.authoring.site.blocks import for_the_site
from chatkit.authoring.site.markdown import Link, folded, front, prose, replace_links
from chatkit.course.lessons import Lesson

# The pages that every lesson has: their folders in docs, and what the navigation calls them. Slides
# are made only where the plan for instructors has a session for the lesson.
LESSON_PAGES = {
    "lessons": "Lesson {number}: {title}",
    "walkthroughs": "Walkthrough {number}: {title}",
    "checks": "The checks of lesson {number}: {title}",
    "sheets": "Sheet {number}: {title}",
}
SLIDES = {"slides": "Slides {number}: {title}"}

# What a walkthrough shows only when asked: its headings, and the words on the box.
FOLDED = {
    "The network side": "Connection, and how it reads and sends",
    "What is kept": "What lesson 5 takes from the lessons before",
    "What goes wrong without it": "Each part taken out, and what happens then",
    "What else would have worked": "Other designs",
    "Where this comes from": "Sources",
}


def page(text: str, readme: Path, target: Path, clone: Clone, lesson: Lesson) -> str:
    """The page `target` of the site, made from the text of `readme` of a lesson."""
    source = readme.relative_to(clone.root).as_posix()
    note = f"<!-- Made from {source} by `chatkit author sync`. Edit that file, not this one. -->"

    def change(link: Link) -> str:
        return site_link(link, readme, target, clone)

    shown = replace_links(for_the_site(text, readme), change)
    if readme.parent == lesson.folder:
        about = f"Lesson {lesson.number} of the chat course in Python: {lesson.summary}"
        shown = with_goals(shown, lesson)
    else:
        about = f"The finished programs of lesson {lesson.number}, {lesson.title}, explained."
        shown = with_folded(shown)
    return f"{front(about)}\n\n{note}\n\n{shown}"


def with_folded(text: str) -> str:
    """The text of a walkthrough with what only some readers need in boxes that open."""
    out: list[str] = []
    section: list[str] = []
    title = ""
    for line, is_prose in [*((line, known) for _, line, known in prose(text)), ("## ", True)]:
        if is_prose and line.startswith("## "):
            inside = "\n".join(section).strip("\n")
            if title in FOLDED and inside:
                out += ["", folded("note", FOLDED[title], inside), ""]
            else:
                out += section
            if title := line.removeprefix("## "):
                out.append(line)
            section = []
        else:
            section.append(line)
    return "\n".join(out).rstrip("\n") + "\n"


def with_goals(text: str, lesson: Lesson) -> str:
    """The text of a lesson with its goals below its title."""
    title, line_end, rest = text.partition("\n")
    goals = "\n".join(f"    - {goal}" for goal in lesson.goals)
    box = f'!!! abstract "After this lesson you can"\n\n{goals}\n'
    return f"{title}{line_end}\n{box}{rest}"


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
