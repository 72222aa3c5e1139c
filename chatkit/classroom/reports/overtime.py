"""What failed, run by run: for each check how many failed it, with the misconception behind most.

`overtime.csv` has a row for each check in each run; `overtime.html` draws them. What a run found is
kept in the gradebook only when it is something else than the run before found.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chatkit.classroom.grades import ClassGrades
from chatkit.classroom.records.history import FailedCheck, Run
from chatkit.classroom.reports.page import template
from chatkit.classroom.reports.table import defused
from chatkit.classroom.statistics import cause_of
from chatkit.grading.explain.ranking import title_of
from chatkit.grading.verdict import Verdict

WIDTH, HEIGHT = 180, 36


@dataclass(frozen=True)
class Trend:
    """How one check went over the runs, as the page draws it."""

    failure: FailedCheck  # of the last run
    title: str  # of the misconception; empty: none is known
    points: tuple[tuple[float, float, str], ...]  # x, y, and what stands there in words
    first: FailedCheck  # of the first run

    @property
    def line(self) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y, _ in self.points)

    @property
    def sentence(self) -> str:
        """What to say in the next lecture: "14 of 28: never takes a client out of the list"."""
        if not self.title:
            return ""
        return f"{self.failure.named} of {self.failure.tried}: {self.title}"


def failures_of(grades: ClassGrades) -> tuple[FailedCheck, ...]:
    """What the class as it is now fails, check by check, in the order of the course."""
    found = []
    for lesson in grades.lessons:
        by_check: dict[str, list[Verdict]] = {}
        for verdict in grades.graded(lesson.name):
            for check in verdict.checks:
                if check.status != "skipped":
                    by_check.setdefault(check.id, []).append(check)
        for id, those in by_check.items():
            failed = [check for check in those if check.status == "failed"]
            causes = [one for check in failed if (one := cause_of(check))]
            named = Counter(one.name for one in causes)
            cause, count = named.most_common(1)[0] if named else ("", 0)
            sentence = next((one.sentence for one in causes if one.name == cause), "")
            found.append(
                FailedCheck(
                    *(lesson.name, id, those[0].title, len(those), len(failed)),
                    *(cause, count, sentence),
                )
            )
    return tuple(found)


def overtime_csv(runs: Sequence[Run], separator: str = ",") -> bytes:
    """A row for each check in each run, as CSV in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(
        ["run", "when", "lesson", "check", "title", "tried", "failed", "cause", "named", "sentence"]
    )
    for run in runs:
        for one in run.failures:
            writer.writerow(
                [
                    *(run.number, f"{run.when:%Y-%m-%dT%H:%M:%SZ}", one.lesson, one.id),
                    *(defused(one.title), one.tried, one.failed, one.cause, one.named),
                    defused(one.sentence),
                ]
            )
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def overtime_page(runs: Sequence[Run]) -> str:
    """The page; the checks that most fail in the last run come first."""
    return template("overtime.html").render(
        runs=runs, trends=_trends(runs), height=HEIGHT, width=WIDTH
    )


def _trends(runs: Sequence[Run]) -> list[Trend]:
    seen: dict[tuple[str, str], list[tuple[Run, FailedCheck]]] = {}
    for run in runs:
        for one in run.failures:
            seen.setdefault((one.lesson, one.id), []).append((run, one))
    step = WIDTH / max(1, len(runs) - 1)
    place = {run.number: at * step for at, run in enumerate(runs)}
    found = []
    for those in seen.values():
        last = those[-1][1]
        points = tuple(
            (
                place[run.number],
                HEIGHT - HEIGHT * one.failed / max(1, one.tried),
                f"{run.when:%Y-%m-%d}: {one.failed} of {one.tried}",
            )
            for run, one in those
        )
        title = title_of(last.cause) or last.sentence
        found.append(Trend(last, title, points, those[0][1]))
    return sorted(found, key=lambda one: -one.failure.failed / max(1, one.failure.tried))
