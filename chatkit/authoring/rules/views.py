"""Rules about views and texts: nothing is stale, nothing drifts, every link leads somewhere."""

import difflib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.known import typed
from chatkit.authoring.rules.todos import toml
from chatkit.authoring.site.changes import changes, reason
from chatkit.authoring.site.markdown import anchors, links, reference_links
from chatkit.authoring.site.pages import inside, is_elsewhere, site_place
from chatkit.authoring.sync import holds
from chatkit.authoring.views import views
from chatkit.course.errors import Problem
from chatkit.course.lessons import Lesson

SYNC = "chatkit author sync"
LONGEST_DIFF = 24


def texts_are_there(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every lesson has its text and its walkthrough"""
    for folder, what in ((lesson.folder, "lesson"), (lesson.solutions, "walkthrough")):
        file = folder / "README.md"
        if not file.is_file():
            yield Problem(file, f"the text of the {what} is missing", "write it")


def shared_functions_are_the_same(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """a function that two steps share is the same in both, or listed under changes"""
    before = clone.course.before(lesson)
    found = changes(clone, before, lesson) if before else []
    changed = {(c.program, now.name) for c in found for _, now in c.difference.changed}
    same = {(c.program, now.name) for c in found for now in c.difference.same}
    for program, name in sorted(changed):
        if before and clone.goes_on(lesson) and reason(lesson, program, name) is None:
            kept_elsewhere = any(name == kept for _, kept in same)
            entry = f"{program}:{name}" if kept_elsewhere else name
            what = f"{name} is not the same as in {clone.owner(before, program)}/{program}"
            cure = f'make it the same, or list "{entry}" under changes in {lesson.name}/lesson.toml'
            yield Problem(clone.reference(clone.owner(lesson, program), program), what, cure)
    for entry, why in lesson.changes.items():
        if not str(why).strip():
            yield Problem(toml(lesson), f"changes does not say why {entry} differs", "say why")
        program, _, name = entry.rpartition(":")
        meant = {(p, n) for p, n in changed | same if n == name and program in ("", p)}
        if not meant & changed:
            what = f"changes lists {entry!r}, which is not shared or not changed"
            yield Problem(toml(lesson), what, "take it out of changes")
        elif kept := sorted(p for p, _ in meant & same):
            what = f"changes lists {entry!r}, but {' and '.join(kept)} keeps its {name}"
            cure = " ".join(f'write "{p}:{name}" instead' for p, _ in sorted(meant & changed))
            yield Problem(toml(lesson), what, cure)


def links_lead_somewhere(clone: Clone) -> Iterator[Problem]:
    """every link of a lesson or a walkthrough leads to a file and a heading that are there"""
    made = views(clone)
    for _, readme in clone.readmes():
        if not readme.is_file():
            continue
        text = made[readme]
        for line in reference_links(text):
            what = "a link of the form [label]: target"
            yield Problem(readme, what, "write it as [label](target)", line)
        for link in links(text):
            if is_elsewhere(link.target):
                continue
            path, _, fragment = link.target.partition("#")
            target = clone.root / inside(readme.parent, path, clone.root) if path else readme
            if target.is_dir() and (target / "README.md").is_file():
                target /= "README.md"
            place = target.relative_to(clone.root).as_posix()
            if not (target.exists() or target in made):
                what = f"the link to {link.target} leads to nothing"
                yield Problem(readme, what, f"there is no {place}: correct the link", link.line)
            elif link.is_image and not site_place(place, clone):
                what = f"the site cannot show the image {link.target}"
                yield Problem(readme, what, "keep images in docs/assets", link.line)
            elif fragment and target.suffix == ".md":
                known = anchors(made.get(target) or read(target))
                if fragment not in known:
                    what = f"{place} has no heading with the anchor #{fragment}"
                    cure = f"it has: {', '.join(sorted(known))}"
                    yield Problem(readme, what, cure, link.line)


def views_are_fresh(clone: Clone) -> Iterator[Problem]:
    """every view is what its source makes of it"""
    made = views(clone)
    stale = [path for path, text in made.items() if path.is_file() and not holds(path, text)]
    resets = {
        lesson.folder / program: f"chatkit reset {lesson.number} {program.removesuffix('.py')}"
        for lesson in clone.lessons
        for program in lesson.programs
    }
    mine = typed(clone.root, (path for path in stale if path in resets))
    for path, text in made.items():
        if not path.is_file():
            yield Problem(path, "this view is missing", SYNC)
        elif path in stale:
            cure = f"{resets[path]} (it keeps what was written there)" if path in mine else SYNC
            yield Problem(path, "this view is stale", cure, detail=diff(path, text))


def diff(path: Path, text: str) -> str:
    """How the file differs from what it must be: at most `LONGEST_DIFF` lines."""
    there = path.read_bytes().decode(errors="replace")
    if there.replace("\r\n", "\n") == text:
        return "the lines end with \\r\\n, not with \\n"
    lines = difflib.unified_diff(
        there.splitlines(), text.splitlines(), "now", "after sync", lineterm="", n=2
    )
    shown = list(islice(lines, LONGEST_DIFF))
    rest = sum(1 for _ in lines)
    return "\n".join([*shown, f"… and {rest} more lines"] if rest else shown)
