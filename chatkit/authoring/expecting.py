"""What an `expected.toml` must say, from gradings of its program. What a person wrote stays."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatkit.authoring.clone import read
from chatkit.authoring.samples import OR, Outcome, Sample
from chatkit.authoring.stability import Grading, rounds

LIST = r"(?m)^%s = \[[^\]]*\]\n"
ROWS = re.compile(r"(?m)^\[\[fails\]\]")
NOT_MADE = ("passed", "not_reached", "skipped")  # of a check: no row of [[fails]]
LONGEST = 100  # of a list on one line


@dataclass(frozen=True)
class Expectation:
    """What one wrong program must fail, as it was found."""

    sample: Sample
    text: str  # of its expected.toml
    remarks: tuple[str, ...]  # what a person must look at

    @property
    def file(self) -> Path:
        return self.sample.folder / "expected.toml"

    @property
    def before(self) -> str:
        return read(self.file) if self.file.is_file() else ""

    @property
    def diff(self) -> str:
        """How the file would change; empty when it is right."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.text.splitlines(), "now", "found", lineterm="", n=1
        )
        return "\n".join(lines)


def expectations(samples: Sequence[Sample], count: int, workers: int) -> Iterator[Expectation]:
    """Grade each sample `count` times, `workers` at once, and tell what its file must say.

    They come in the order in which their last grading ends.
    """
    by_name = {sample.name: sample for sample in samples}
    graded: dict[str, list[Grading]] = {name: [] for name in by_name}
    for one in rounds(samples, count, workers=workers, busy=0, delays=False):
        graded[one.sample].append(one)
        if len(graded[one.sample]) == count:
            yield expectation(by_name[one.sample], graded[one.sample])


def expectation(sample: Sample, gradings: Sequence[Grading]) -> Expectation:
    """What the file of `sample` must say after these gradings.

    Where they do not agree how a check fails, its row names each symptom. Where they do not agree
    whether it does, it may find anything: it joins `sometimes`. A check that is there already stays
    there, and with it its row.
    """
    known = [check.id for check in sample.lesson.checks()]
    found = [one.found for one in gradings]
    kept = sample.expected.get("sometimes", ())
    outcome = {check: together(sample, check, found) for check in known}
    sometimes = [check for check in known if check in kept or not outcome[check]]
    for check in sometimes:
        outcome[check] = said_before(sample, check)
    text = written(sample, outcome, sometimes, known)
    return Expectation(sample, text, tuple(remarks(sample, gradings, {*sometimes} - {*kept})))


def together(sample: Sample, check: str, found: Sequence[Outcome]) -> str:
    """What these gradings and the file say of a check; "" where they do not agree if it fails."""
    seen = {one[check] for one in found}
    said = said_before(sample, check)
    if seen <= set(said.split(OR)):
        return said
    if len(seen) > 1 and seen & set(NOT_MADE):
        return ""
    return OR.join(sorted(seen))


def said_before(sample: Sample, check: str) -> str:
    """What the file says of this check now."""
    if check in sample.expected.get("not_reached", ()):
        return "not_reached"
    return sample.fails.get(check, "passed")


def written(sample: Sample, outcome: Outcome, sometimes: list[str], known: list[str]) -> str:
    """The file: what a person wrote at its top, then the lists, then the rows."""
    file = sample.folder / "expected.toml"
    head = ROWS.split(read(file), maxsplit=1)[0] if file.is_file() else 'why = ""\n'
    untried = [check for check in known if outcome[check] == "not_reached"]
    for name, checks in (("sometimes", sometimes), ("not_reached", untried)):
        if set(checks) != set(sample.expected.get(name, ())):
            head = re.sub(LIST % name, "", head).rstrip("\n") + "\n"
            head += listed(name, checks) if checks else ""
    rows = [
        f'\n[[fails]]\ncheck = "{check}"\nsymptom = "{outcome[check]}"\n'
        for check in in_order(sample, known)
        if outcome[check] not in NOT_MADE
    ]
    return head.rstrip("\n") + "\n" + "".join(rows)


def in_order(sample: Sample, known: list[str]) -> list[str]:
    """The checks: those with a row in the order of their rows, then the others."""
    there = [check for check in sample.fails if check in known]
    if there == sorted(there, key=known.index):
        return known
    return there + [check for check in known if check not in there]


def listed(name: str, checks: list[str]) -> str:
    quoted = [f'"{check}"' for check in checks]
    short = f"{name} = [{', '.join(quoted)}]\n"
    if len(short) <= LONGEST:
        return short
    return f"{name} = [\n" + "".join(f"    {check},\n" for check in quoted) + "]\n"


def remarks(sample: Sample, gradings: Sequence[Grading], varies: set[str]) -> Iterator[str]:
    """What no grading can decide."""
    if not str(sample.expected.get("why", "")).strip():
        yield "write why: what did its author think?"
    if all(value in NOT_MADE for one in gradings for value in one.found.values()):
        yield "it fails nothing: is it wrong, and does a check look?"
    for check in sorted(varies):
        seen = sorted({one.found[check] for one in gradings})
        yield f"{check} is {' or '.join(seen)}: make the mistake show each time, if you can"
    causes = sample.expected.get("causes")
    told = sorted({name for one in gradings for name in one.causes})
    if new := [name for name in told if name not in (causes or ())]:
        yield f"told, and not in causes: {', '.join(new)}. If it is true of it, add it"
