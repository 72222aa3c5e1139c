"""Which explanation comes first: the one that explains the most failed checks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chatkit.bench.evidence import Evidence
from chatkit.grading.explain import chat, endings, framing, sockets, starting, threads, window
from chatkit.grading.explain.catalogue import CATALOGUE, Seen
from chatkit.grading.verdict import Cause, Explanation, LessonVerdict, Verdict

# Their import fills the catalogue; this is its order.
FAMILIES = (starting, framing, chat, sockets, threads, endings, window)
ORDER = [family.__name__.rpartition(".")[2] for family in FAMILIES]


@dataclass(frozen=True)
class Conclusion:
    """What the catalogue says about one failed check."""

    causes: tuple[Cause, ...]  # those whose evidence is there, in the catalogue's order
    stumbled: tuple[str, ...]  # "name: KeyError: 'x'" for each predicate that raised


def title_of(name: str) -> str:
    """The title of a misconception; empty for a name that the catalogue does not have."""
    return CATALOGUE[name].title if name in CATALOGUE else ""


def concluded_from(evidence: Evidence) -> Conclusion:
    """Ask every entry of the catalogue about the evidence; often none has anything to say.

    A verdict must not be lost for want of an explanation. So an entry that cannot cope with a
    strange program stays silent, and its error is kept for those who work on the catalogue.
    """
    seen = Seen(evidence)
    causes, stumbled = [], []
    for entry in sorted(CATALOGUE.values(), key=lambda one: ORDER.index(one.family)):
        try:
            sentence = entry.told(seen)
        except Exception as error:  # whatever it is: see above
            stumbled.append(f"{entry.name}: {type(error).__name__}: {error}")
            continue
        if sentence:
            read = entry.read.get(evidence.lesson, "")
            causes.append(Cause(entry.name, sentence, entry.think, read))
    return Conclusion(tuple(causes), tuple(stumbled))


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
