"""Which explanation comes first: the one that explains the most failed checks."""

from collections.abc import Mapping
from dataclasses import replace

from chatkit.bench.evidence import Evidence
from chatkit.grading.explain import chat, endings, framing, sockets, starting, threads, window
from chatkit.grading.explain.catalogue import CATALOGUE, Misconception, Seen
from chatkit.grading.verdict import Cause, Explanation, LessonVerdict, Verdict

# Their import fills the catalogue; this is its order.
FAMILIES = (starting, framing, chat, sockets, threads, endings, window)
ORDER = [family.__name__.rpartition(".")[2] for family in FAMILIES]


def causes_of(evidence: Evidence) -> tuple[Cause, ...]:
    """Every cause whose evidence is there, in the order of the catalogue; often there is none."""
    seen = Seen(evidence)
    entries = sorted(CATALOGUE.values(), key=lambda one: ORDER.index(one.family))
    found = ((one, _told(one, seen)) for one in entries)
    return tuple(
        Cause(one.name, sentence, one.think, one.read.get(evidence.lesson, ""))
        for one, sentence in found
        if sentence
    )


def title_of(name: str) -> str:
    """The title of a misconception; empty for a name that the catalogue does not have."""
    return CATALOGUE[name].title if name in CATALOGUE else ""


def _told(entry: Misconception, seen: Seen) -> str | None:
    """The sentence of an entry. One that cannot cope with a strange program stays silent.

    A verdict must not be lost for want of an explanation.
    """
    try:
        return entry.told(seen)
    except Exception:
        return None


def explained(lesson: LessonVerdict) -> LessonVerdict:
    """The same verdict with its explanations, and each failed check with the one that it got."""
    told = ranked(lesson)
    of = {id: one.cause for one in reversed(told) for id in one.checks}
    checks = tuple(
        with_cause(check, of[check.id]) if check.id in of else check for check in lesson.checks
    )
    return replace(lesson, checks=checks, explanations=tuple(told))


def with_cause(check: Verdict, cause: Cause) -> Verdict:
    """A verdict that tells this cause: what to think about and where to read follow from it."""
    read = f'{check.read.partition(",")[0]}, "{cause.read}"' if cause.read else check.read
    return replace(check, likely=cause.sentence, hint=cause.think or check.hint, read=read)


def ranked(lesson: LessonVerdict) -> list[Explanation]:
    """What explains the failed checks of a lesson; where none failed, those that were not tried.

    Misconceptions come first: the one that explains most, and so on. A check counts once, for the
    first cause that explains it. Of causes that explain equally many, the one that was found in the
    earlier check is first. Those that explain the very same checks are all told. The TODOs that
    come next follow: a program has one, in all its checks.
    """
    left = {check.id: {cause.name: cause for cause in check.causes} for check in lesson.open}
    told: list[Explanation] = []
    while found := _checks_by_cause(left, todos=False):
        most = max(map(len, found.values()))
        best = next(ids for ids in found.values() if len(ids) == most)
        for name, ids in found.items():
            if ids == best:
                told.append(Explanation(left[ids[0]][name], tuple(ids)))
        left = {id: causes for id, causes in left.items() if id not in best}
    for name, ids in _checks_by_cause(left, todos=True).items():
        told.append(Explanation(left[ids[0]][name], tuple(ids)))
    return told


def _checks_by_cause(left: Mapping[str, Mapping[str, Cause]], todos: bool) -> dict[str, list[str]]:
    """The checks of each cause that is an unwritten TODO, or of each that is none."""
    found: dict[str, list[str]] = {}
    for id, causes in left.items():
        for name, cause in causes.items():
            if bool(cause.todo) == todos:
                found.setdefault(name, []).append(id)
    return found
