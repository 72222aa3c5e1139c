"""The catalogue: what a misconception is, and the list of all of them."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatkit.bench.evidence import Evidence, Frame, Raised
from chatkit.grading.explain.questions.source import Source, source_of


class Seen:
    """What a predicate looks at: the evidence of one failed check, and the student's file."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.source: Source = source_of(evidence.text, evidence.program)

    def raised(self, *kinds: str) -> Raised | None:
        """The first exception of one of these kinds, named without its module."""
        errors = (one for one in self.evidence.raised if one.kind.rpartition(".")[2] in kinds)
        return next(errors, None)

    def at(self, place: ast.AST | Frame | int | None, sentence: str) -> str:
        """A sentence that names the place first: "server.py:17 passes on …"."""
        line = place if isinstance(place, int) else _line_of(place)
        return f"{self.evidence.program}:{line} {sentence}" if line else sentence

    def ended_by(self, error: Raised) -> str:
        """What an exception ended: "the program", "the thread" or "the task".

        Only the main thread begins in the file itself. Tracebacks of several threads can be mixed
        line by line, so the words above one of them are not enough.
        """
        owns = [frame for one in error.chain() for frame in one.frames if frame.own]
        if any(frame.function == "<module>" for frame in owns):
            return "the program"
        return "the thread" if self.source.threads() else "the task"


def _line_of(place: ast.AST | Frame | None) -> int:
    if isinstance(place, Frame):
        return place.line
    return getattr(place, "lineno", 0)


Predicate = Callable[[Seen], str | None]


@dataclass(frozen=True)
class Misconception:
    """Something that people get wrong, and how one sees it."""

    name: str  # "one-recv-one-line"
    family: str  # the folder: "framing"
    title: str  # in a few words, for a list: "one recv() is taken for one line"
    told: Predicate  # the sentence, with the student's own line, when the evidence is there
    think: str  # what to ask oneself next
    read: Mapping[int, str]  # lesson number -> a heading of its text
    proofs: tuple[str, ...]  # wrong programs that show it: "02_broadcast/recv_is_a_line"
    unlike: str = ""  # a program that looks like it and must not match


CATALOGUE: dict[str, Misconception] = {}


def misconception(
    name: str,
    title: str,
    *,
    think: str,
    read: Mapping[int, str],
    proofs: tuple[str, ...],
    unlike: str = "",
) -> Callable[[Predicate], Predicate]:
    """Put the predicate below into the catalogue. The arguments are those of `Misconception`."""

    def add(predicate: Predicate) -> Predicate:
        family = predicate.__module__.split(".")[3]  # chatkit.grading.explain.framing…
        if name in CATALOGUE:
            raise ValueError(f"the misconception {name!r} is there twice")
        CATALOGUE[name] = Misconception(name, family, title, predicate, think, read, proofs, unlike)
        return predicate

    return add
