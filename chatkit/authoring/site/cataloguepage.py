"""What the kit can explain, for the pages about mistakes and errors: made from the catalogue.

A page has a place for it, which `chatkit author sync` fills:

    <!-- catalogue -->
    <!-- end -->
"""

from pathlib import Path

from chatkit.authoring.clone import Clone
from chatkit.authoring.site.markdown import anchor, words
from chatkit.course.errors import AuthoringError, Problem
from chatkit.grading.explain import ranking
from chatkit.grading.explain.catalogue import CATALOGUE, Misconception

BEGIN, END = "<!-- catalogue -->", "<!-- end -->"


def known(clone: Clone) -> list[str]:
    """A block for each family: what is wrong, how to see it, where it is taught, who shows it."""
    blocks: list[str] = []
    for family in ranking.FAMILIES:
        name = family.__name__.rpartition(".")[2]
        own = [one for one in CATALOGUE.values() if one.family == name]
        if not own:
            continue
        title = (family.__doc__ or name).partition(":")
        blocks.append(f"**{title[0]}**")
        rows = ["| what is wrong | how to see it | taught in | programs that show it |"]
        rows += ["|---|---|---|---|", *(row(one, clone) for one in own)]
        blocks.append("\n".join(rows))
    return blocks


def row(one: Misconception, clone: Clone) -> str:
    """One misconception as a row of a table."""
    numbers = {lesson.number: lesson.name for lesson in clone.lessons}
    taught = [
        f"[lesson {number}](lessons/{numbers[number]}.md#{anchor(heading)})"
        for number, heading in sorted(one.read.items())
        if number in numbers
    ]
    shown = ", ".join(f"`{proof}`" for proof in one.proofs)
    cells = [words(one.title), words(one.think), ", ".join(taught), shown]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def with_catalogue(text: str, clone: Clone, page: Path) -> str:
    """The text of `page` with its place filled; as it is without one. Raises AuthoringError."""
    before, begin, rest = text.partition(f"{BEGIN}\n")
    if not begin:
        return text
    _, end, after = rest.partition(END)
    if not end:
        raise AuthoringError(Problem(page, "this place has no end", f"write {END} where it ends"))
    return before + begin + "\n" + "\n\n".join([*known(clone), END]) + after
