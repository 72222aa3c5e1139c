"""Rules that nothing in a download can feed. They are said before the run: a grade must not look as
if a rule had been kept that nobody could keep."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from chatkit.classroom.late.deadlines import Deadlines
from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.submissions.submissions import Submission

TELLS_LATE = ("Canvas", "ILIAS")  # layouts whose names mark what came late


def unfed(
    rules: Deadlines,
    found: Sequence[Submission],
    kind: str,
    known: Iterable[str],
    attempts: str,
    hold: Sequence[str] = (),
) -> Iterator[str]:
    """A line for each rule that cannot be kept for some of these hand-ins, and what would help.

    `known` are the ids of all students, here and in the gradebook; `attempts` is the rule of the
    class about several attempts, `hold` are those whose grades do not go out.
    """
    ids = sorted({*known, *(one.student for one in found)})
    yield from _strangers("extension", rules.extensions, ids)
    yield from _strangers("excuse", rules.excuses, ids)
    yield from _strangers("hold", hold, ids)
    for lesson in rules.due:
        those = [one for one in found if lesson in one.lessons]
        without = [one for one in those if read_moment(one.when(lesson), rules.zone) is None]
        if without:
            count = "none" if len(without) == len(those) else f"{len(those) - len(without)}"
            yield (
                f"deadline of {lesson}: {count} of {len(those)} hand-ins say when they came. "
                "Where nothing says it, a hand-in counts as in time, unless the platform marks it "
                f"as late. {_cure(kind)}"
            )
    marks = any(name in kind for name in TELLS_LATE) or any(one.late for one in found)
    if rules.costs and not rules.due and not marks:
        yield (
            "class.toml takes points off late work, but it has no [deadline], and nothing here "
            f"says what came late: nobody loses anything. {_cure(kind)}"
        )
    if attempts == "last-on-time" and not rules.due:
        yield 'attempts = "last-on-time" needs a [deadline]: without one, the last attempt counts'


def _strangers(section: str, given: Iterable[str], ids: Sequence[str]) -> Iterator[str]:
    for name in given:
        if name not in ids:
            near = get_close_matches(name, ids, n=1)
            guess = f" Did you mean {near[0]}?" if near else ""
            yield f"class.toml: [{section}] {name}: there is no such student yet.{guess}"


def _cure(kind: str) -> str:
    if "Moodle" in kind:
        return "Moodle's worksheet says the times: add --roster worksheet.csv"
    return "A late student can be given an adjustment: chatkit class adjust"
