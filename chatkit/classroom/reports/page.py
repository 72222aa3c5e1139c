"""The HTML pages: one of the class, one for each student. They need no other file.

Everything that a template prints goes through `visible` and is escaped. No template may mark
anything as safe, and the pages forbid the browser to load or run anything, should that ever fail.
The one script, of the overview, is allowed by its digest alone.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import jinja2

from chatkit import __version__
from chatkit._text import one_line, visible
from chatkit.bench import sequence
from chatkit.bench.symptoms import Symptom
from chatkit.classroom.grades import ClassGrades, LessonGrade, StudentGrades
from chatkit.classroom.late.moments import shown
from chatkit.classroom.reports.plots import distributions, heat_maps
from chatkit.classroom.rules import Rules, number
from chatkit.classroom.statistics import most_failed, statistics_of
from chatkit.course.lessons import Lesson
from chatkit.grading import feedback
from chatkit.grading.verdict import INSIDE, LessonVerdict, Verdict

ISOLATION = {
    "namespaces": "each program had a network of its own and saw only the files it needs",
    "processes": "each program was a process of its own, with the rights of the person who graded; "
    "it could have reached the network and that person's files",
    "none": "nothing kept the programs apart from the rest of the machine",
}


@dataclass(frozen=True)
class CheckView:
    """One verdict, with its drawing, as a page shows it."""

    verdict: Verdict
    worth: float  # points in this class
    drawing: str
    received: tuple[str, str, str]  # before, at, and after the first difference

    @property
    def points(self) -> str:
        earned = self.worth if self.verdict.status == "passed" else 0
        return f"{number(earned)} / {number(self.worth)}"


@dataclass(frozen=True)
class LessonView:
    """One lesson of one student, as a page shows it."""

    name: str
    number: int
    title: str
    grade: LessonGrade
    isolation: str
    caveat: str
    checks: tuple[CheckView, ...]

    @property
    def failed(self) -> list[CheckView]:
        """They are shown in full."""
        return [check for check in self.checks if check.verdict.status == "failed"]

    @property
    def passed(self) -> list[CheckView]:
        """They are shown as lines: what was said in them is only there when it is asked for."""
        return [check for check in self.checks if check.verdict.status == "passed"]

    @property
    def untried(self) -> list[tuple[str, str, list[CheckView]]]:
        """Status and reason of checks that were not tried, with all checks that have the same."""
        found: dict[tuple[str, str], list[CheckView]] = {}
        for check in self.checks:
            if check.verdict.status in ("not_reached", "skipped"):
                found.setdefault((check.verdict.status, check.verdict.message), []).append(check)
        return [(status, message, checks) for (status, message), checks in found.items()]


def class_page(grades: ClassGrades, pages: Mapping[str, str]) -> str:
    """The overview of the class. `pages` gives the address of each student's page by id."""
    statistics = statistics_of(grades)
    used: dict[str, int] = {}
    windows: dict[str, None] = {}
    for lesson in grades.lessons:
        for found in grades.graded(lesson.name):
            if lesson.window:
                windows[lesson.name] = None
            used[found.isolation] = used.get(found.isolation, 0) + 1
    return template("class.html").render(
        grades=grades,
        pages=pages,
        statistics=statistics,
        stumbles=most_failed(statistics, 10),
        distributions=distributions(grades),
        maps=heat_maps(grades),
        caveats=[f"{name}: {INSIDE}" for name in windows],
        isolation=[
            f"{_isolation(name)}: {count} lesson{'s' * (count != 1)}"
            for name, count in sorted(used.items())
        ],
        kinds={row.student.id: _kinds(row, grades.rules) for row in grades.students},
        script=_script_digest(),
    )


def _kinds(row: StudentGrades, rules: Rules) -> str:
    """By what the overview can be filtered."""
    total = row.total if row.total and not row.total.empty else None
    lessons = row.lessons.values()
    found = {
        "late": bool(row.late),
        "ungraded": any(one.counts and one.grade is None for one in lessons),
        "adjusted": any(one.adjusted for one in lessons),
        "half": total is not None and total.share < 0.5,
        "full": total is not None and total.share >= 1,
        "held": row.student.id in rules.hold,
    }
    return " ".join(name for name, holds in found.items() if holds)


@cache
def _script_digest() -> str:
    """What tells the browser that the script of the overview is ours: no other one runs."""
    return base64.b64encode(
        hashlib.sha256(template("overview.js").render().encode()).digest()
    ).decode()


def student_page(
    row: StudentGrades, by_name: Mapping[str, Lesson], found: Sequence[LessonVerdict], rules: Rules
) -> str:
    """The page of one student. `by_name` are the lessons, `found` the verdicts in full."""
    verdicts = {lesson.lesson: lesson for lesson in found}
    lessons = [
        _lesson(by_name[name], grade, verdicts.get(name), rules)
        for name, grade in row.lessons.items()
        if grade.counts or grade.handed_in or grade.adjusted
    ]
    return template("student.html").render(
        row=row, lessons=lessons, rules=rules, marks=feedback.MARKS, statuses=feedback.STATUS
    )


def _lesson(
    lesson: Lesson, grade: LessonGrade, found: LessonVerdict | None, rules: Rules
) -> LessonView:
    if not found:
        return LessonView(lesson.name, lesson.number, lesson.title, grade, "", "", ())
    checks = tuple(_check(one, rules.worth(lesson.name, one)) for one in found.checks)
    caveat = INSIDE if lesson.window else ""
    kept_apart = _isolation(found.isolation)
    return LessonView(lesson.name, lesson.number, lesson.title, grade, kept_apart, caveat, checks)


def _check(verdict: Verdict, worth: float) -> CheckView:
    rows = sequence.draw(verdict.transcript, verdict.program)
    return CheckView(verdict, worth, "\n".join(one_line(row) for row in rows), _parted(verdict))


def _parted(verdict: Verdict) -> tuple[str, str, str]:
    """What was received, parted at the first byte that differs from what was expected."""
    text = verdict.received
    if verdict.symptom == Symptom.DIFFERENT_TEXT:
        for row in feedback.caret(verdict.expected, text):
            at = row.index("^") - feedback.INDENT
            return text[:at], text[at : at + 1], text[at + 1 :]
    return text, "", ""


def _isolation(name: str) -> str:
    return f"{name} ({ISOLATION[name]})" if name in ISOLATION else name


@cache
def page_digest() -> str:
    """What all pages of students have in common: the kit and the templates."""
    digest = hashlib.sha256(__version__.encode())
    for name in ("base.html", "student.html", "style.css"):
        source, _, _ = _environment().loader.get_source(_environment(), name)  # type: ignore[union-attr]
        digest.update(source.encode())
    return digest.hexdigest()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chatkit.classroom.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.globals["kit"] = __version__
    environment.globals["at_time"] = shown
    return environment


def _shown(value: object) -> object:
    return visible(value) if type(value) is str else value  # what is escaped is no longer a str


def template(name: str) -> jinja2.Template:
    """The page `name` of `templates/`; what is filled in is escaped."""
    return _environment().get_template(name)
