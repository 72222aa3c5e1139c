"""One function of a chat server in three variants, and what each does with the same packets.

The variants lie in `docs/assets/try`. They are run here, each time the page is made, and what they
return is drawn. So the pictures cannot say what the code does not do.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.scenes.drawing import svg
from chatkit.authoring.scenes.pages import HEADS, html
from chatkit.authoring.scenes.storyboard import Moment, SceneStep, in_words
from chatkit.bench.transcript import Event, written

FOLDER = "assets/try"
CAST = ("alice", "server", "bob", "carol")
PEOPLE = ("alice", "bob", "carol")
SAID = (("alice", b"hel"), ("carol", b"hi\n"), ("alice", b"lo\n"), ("bob", b"one\ntwo\n"))
PROGRAM = "server.py"
OnBytes = Callable[[defaultdict[str, bytes], str, bytes], list[bytes]]


def variants(clone: Clone) -> list[Path]:
    """The files of the variants; the last one is right."""
    return sorted((clone.docs / FOLDER).glob("*.py"))


def tabs(clone: Clone) -> Iterator[str]:
    """A tab for each variant: its code, and what goes over the wire because of it."""
    files = variants(clone)
    right = moments(function(files[-1]))
    for file in files:
        own = moments(function(file))
        side = "right" if own == right else "wrong"
        story = [SceneStep(*both) for both in zip(right, own, strict=True)]
        lines = [*code(file), "", *drawn(story, side)]
        title = ast.get_docstring(ast.parse(read(file)))
        yield "\n".join([f'=== "{title}"', "", *(f"    {line}".rstrip() for line in lines)])


def function(file: Path) -> OnBytes:
    """The `on_bytes` of a variant."""
    names: dict[str, OnBytes] = {}
    exec(compile(read(file), file.name, "exec"), names)  # our own few lines, from docs/
    return names["on_bytes"]


def moments(on_bytes: OnBytes) -> list[Moment]:
    """What happens when everything in `SAID` comes: for each packet, itself and what follows."""
    inboxes: defaultdict[str, bytes] = defaultdict(bytes)
    found = []
    for who, data in SAID:
        sent = b"".join(on_bytes(inboxes, who, data))
        others = [other for other in PEOPLE if other != who] if sent else []
        found.append(Moment((packet(who, "server", data),)))
        found.append(Moment(tuple(packet("server", other, sent) for other in others)))
    return found


def packet(source: str, target: str, data: bytes) -> Event:
    return Event(0.0, source, target, "data", written(data))


def code(file: Path) -> Iterator[str]:
    """The function, as a block of code."""
    yield "```python"
    yield from read(file).partition("\n\n\n")[2].rstrip("\n").split("\n")
    yield "```"


def drawn(story: list[SceneStep], side: str) -> Iterator[str]:
    """The lanes of one variant, as a picture that moves, and its steps in words."""
    title = "every line arrives whole" if side == "right" else "not what alice and carol said"
    name = "All steps as a picture. They are told in words below."
    yield '<figure class="wire" data-start="Alice, bob and carol are connected.">'
    yield "<figcaption>What goes over the wire</figcaption>"
    yield '<div class="wire-sides" data-search-exclude>'
    yield '<div class="wire-side">'
    yield f'<p class="wire-title wire-{side}">{HEADS[side]}: {title}</p>'
    yield from svg(story, side, CAST, PROGRAM, name)
    yield "</div>"
    yield "</div>"
    yield '<div class="wire-words">'
    yield "<p>All steps in words:</p>"
    yield "<ol>"
    for step in story:
        yield f"<li>{html(in_words(getattr(step, side), PROGRAM))}</li>"
    yield "</ol>"
    yield "</div>"
    yield "</figure>"
