"""Which explanation comes first: the one that explains the most failed checks."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatkit.bench.evidence import Evidence
from chatkit.grading.explain import endings, framing, sockets, starting, threads, window
from chatkit.grading.explain.catalogue import CATALOGUE, Seen

# Imported so that their misconceptions are in the catalogue.
FAMILIES = (starting, framing, sockets, threads, endings, window)


@dataclass(frozen=True)
class Cause:
    """One explanation whose evidence was there in a failed check."""

    name: str  # of the misconception, or "todo-2"
    sentence: str  # with the student's own line
    think: str = ""  # empty: what the check itself asks
    read: str = ""  # a heading of the lesson's text; empty: where the check itself sends


@dataclass(frozen=True)
class Explanation:
    """One cause, and all the failed checks that it explains, in the order of the lesson."""

    cause: Cause
    checks: tuple[str, ...]


def causes_of(evidence: Evidence) -> tuple[Cause, ...]:
    """Every cause whose evidence is there, in the order of the catalogue; often there is none."""
    seen = Seen(evidence)
    found = ((one, one.told(seen)) for one in CATALOGUE.values())
    return tuple(
        Cause(one.name, sentence, one.think, one.read.get(evidence.lesson, ""))
        for one, sentence in found
        if sentence
    )


def ranked(failed: Sequence[tuple[str, Sequence[Cause]]]) -> list[Explanation]:
    """What explains the failed checks, given as ids with their causes in the lesson's order.

    The cause that explains most comes first. A check counts once, for the first cause that explains
    it; of causes that explain equally many, the one that was found in the earlier check is first,
    and all that explain the very same checks are told.
    """
    left = {id: {cause.name: cause for cause in causes} for id, causes in failed}
    told: list[Explanation] = []
    while True:
        checks: dict[str, list[str]] = {}
        for id, causes in left.items():
            for name in causes:
                checks.setdefault(name, []).append(id)
        if not checks:
            return told
        most = max(map(len, checks.values()))
        best = next(ids for ids in checks.values() if len(ids) == most)
        for name, ids in checks.items():
            if ids == best:
                told.append(Explanation(left[ids[0]][name], tuple(ids)))
        left = {id: causes for id, causes in left.items() if id not in best}
