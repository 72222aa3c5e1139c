"""Places in a page that is written by hand, filled from the sources by `chatkit author sync`.

    <!-- made: scene half-line -->     what fills it, and what that needs to know
    <!-- api: … -->                    a part of the code, see `api`
    <!-- end -->                       where the place ends

What fills a place is a function on the list `PLACES`. It gets the clone and the words behind its
name, and gives blocks of Markdown.
"""

import re
from collections.abc import Callable, Iterable
from itertools import zip_longest
from pathlib import Path
from xml.etree import ElementTree

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.samples import samples
from chatkit.authoring.scenes.pages import figure
from chatkit.authoring.scenes.scenes import scenes
from chatkit.authoring.scenes.tries import tabs
from chatkit.authoring.site import api
from chatkit.authoring.site.cataloguepage import known
from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.lessons import Lesson

MARKER = re.compile(r"<!-- made: (?P<name>[a-z]+)(?: (?P<words>[^>]*?))? -->")
END = "<!-- end -->"
Fill = Callable[[Clone, str], Iterable[str]]


def catalogue(clone: Clone, _: str) -> Iterable[str]:
    """Everything that a verdict can name as a cause, a box for each family."""
    return known(clone)


def scene(clone: Clone, id: str) -> Iterable[str]:
    """The moving picture of one scene. Raises LookupError when there is no such scene."""
    for one in scenes(clone):
        if one.id == id:
            return [figure(clone, one)]
    raise LookupError(f"there is no scene {id!r}")


def lessons(clone: Clone, _: str) -> Iterable[str]:
    """A row for each lesson: its page, what one builds, and its minutes. Encores follow the sum."""
    rows = ["| lesson | what you build | minutes |", "|---|---|--:|"]
    rows += [row(one) for one in clone.lessons if not one.encore]
    rows.append(f"| all | | {sum(one.minutes for one in clone.lessons if not one.encore)} |")
    rows += [row(one) for one in clone.lessons if one.encore]
    yield "\n".join(rows)


def row(lesson: Lesson) -> str:
    title = f"[{lesson.number} {lesson.title}](lessons/{lesson.name}.md)"
    return f"| {title} | {lesson.summary} | {lesson.minutes} |"


def programs(clone: Clone, _: str) -> Iterable[str]:
    """How many wrong programs and right ones of other designs each lesson has, and the sums."""
    kinds = ("mistakes", "alternatives")
    wrong, right = ([one.lesson for one in samples(clone.course, kind)] for kind in kinds)
    rows = ["| lesson | wrong programs | other right programs |", "|---|--:|--:|"]
    for one in clone.lessons:
        rows.append(f"| {one.number} {one.title} | {wrong.count(one)} | {right.count(one)} |")
    yield "\n".join([*rows, f"| all | {len(wrong)} | {len(right)} |"])


def goals(clone: Clone, _: str) -> Iterable[str]:
    """What students can do after each lesson, and the topic of CS2023 that it belongs to."""
    for lesson in clone.lessons:
        rows = ["| after this lesson you can | topic in CS2023 |", "|---|---|"]
        pairs = zip_longest(lesson.goals, lesson.topics, fillvalue="")
        rows += [f"| {goal} | {topic} |" for goal, topic in pairs]
        yield f"### Lesson {lesson.number}: {lesson.title}"
        yield "\n".join(rows)


def verdict(clone: Clone, wanted: str) -> Iterable[str]:
    """The words of the picture of a verdict, and a number at each line that holds one of `wanted`.

    They are divided by |, and stand in this order. Raises LookupError when one is not there.
    """
    lines = said(read(clone.docs / "assets" / "verdict.svg"))
    marked: list[int] = []
    for piece in wanted.split("|"):
        begin = marked[-1] if marked else 0
        rest = enumerate(lines[begin:], start=begin + 1)
        found = next((number for number, line in rest if piece.strip() in line), 0)
        if not found:
            raise LookupError(f"the picture has no line with {piece.strip()!r} there")
        marked.append(found)
    numbers = " ".join(map(str, marked))
    return ["\n".join([f'``` {{ .text .notes hl_lines="{numbers}" }}', *lines, "```"])]


def said(svg: str) -> list[str]:
    """The lines of a terminal that rich has drawn as an image."""
    lines: dict[float, str] = {}
    for text in ElementTree.fromstring(svg).iterfind(".//{*}g[@class='verdict-matrix']/{*}text"):
        width = float(text.attrib["textLength"]) / max(1, len(text.text or ""))
        at = round(float(text.attrib["x"]) / width)
        line = lines.get(float(text.attrib["y"]), "")
        lines[float(text.attrib["y"])] = line.ljust(at) + (text.text or "").rstrip("\n")
    told = (line.replace("\xa0", " ").rstrip() for _, line in sorted(lines.items()))
    return "\n".join(told).rstrip("\n").split("\n")


def tries(clone: Clone, _: str) -> Iterable[str]:
    """The variants of one function, each with its lanes."""
    return tabs(clone)


PLACES: dict[str, Fill] = {
    "catalogue": catalogue,
    "scene": scene,
    "lessons": lessons,
    "programs": programs,
    "goals": goals,
    "tries": tries,
    "verdict": verdict,
}


def filled(text: str, clone: Clone, page: Path) -> str:
    """The text of `page` with each of its places as the sources have it. Raises AuthoringError."""
    out: list[str] = []
    begun = 0  # the line of the marker whose end has not come
    for number, line in enumerate(text.split("\n"), start=1):
        if begun and line == END:
            begun = 0
        elif begun:
            continue
        out.append(line)
        try:
            made = blocks(line, clone)
        except LookupError as cause:
            raise AuthoringError(
                Problem(page, str(cause.args[0]), "correct the marker", number)
            ) from None
        if made is not None:
            out += ["", "\n\n".join(made), ""]
            begun = number
    if begun:
        cure = f"write {END} where it ends"
        raise AuthoringError(Problem(page, "this place has no end", cure, begun))
    return "\n".join(out)


def blocks(line: str, clone: Clone) -> list[str] | None:
    """What a line asks for; None where it is no marker. Raises LookupError if nothing fills it."""
    if marker := api.MARKER.fullmatch(line):
        return list(api.told(marker, clone))
    if not (marker := MARKER.fullmatch(line)):
        return None
    if marker["name"] not in PLACES:
        raise LookupError(f"nothing fills {marker['name']!r}. There are: {', '.join(PLACES)}")
    return list(PLACES[marker["name"]](clone, marker["words"] or ""))
