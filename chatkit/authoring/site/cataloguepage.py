"""What the kit can explain, as tables for a page: made from the catalogue."""

from chatkit.authoring.clone import Clone
from chatkit.authoring.site.markdown import anchor, folded, words
from chatkit.grading.explain import ranking
from chatkit.grading.explain.catalogue import CATALOGUE, Misconception


def known(clone: Clone) -> list[str]:
    """A box for each family: what is wrong, how to see it, where it is taught, who shows it."""
    blocks: list[str] = []
    for family in ranking.FAMILIES:
        name = family.__name__.rpartition(".")[2]
        own = [one for one in CATALOGUE.values() if one.family == name]
        if not own:
            continue
        title = (family.__doc__ or name).partition(":")
        rows = ["| what is wrong | how to see it | taught in | programs that show it |"]
        rows += ["|---|---|---|---|", *(row(one, clone) for one in own)]
        count = "1 cause" if len(own) == 1 else f"{len(own)} causes"
        blocks.append(folded("question", f"{title[0].rstrip('.')}: {count}", "\n".join(rows)))
    return blocks


def row(one: Misconception, clone: Clone) -> str:
    """One misconception as a row of a table."""
    numbers = {lesson.number: lesson.name for lesson in clone.lessons}
    taught = [
        f"[lesson {number}](../lessons/{numbers[number]}.md#{anchor(heading)})"
        for number, heading in sorted(one.read.items())
        if number in numbers
    ]
    shown = ", ".join(f"`{proof}`" for proof in one.proofs)
    cells = [words(one.title), words(one.think), ", ".join(taught), shown]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
