"""One submission in the forms of Gradescope, GitHub Classroom and JUnit.

The first two take the points of the verdicts as they are: the rules of a class are not theirs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as xml

from chatkit._text import one_line, visible
from chatkit.grading import feedback
from chatkit.grading.verdict import LessonVerdict, Verdict


def gradescope(lessons: Sequence[LessonVerdict]) -> dict[str, Any]:
    """What Gradescope reads from `results.json`. Skipped checks are named, and worth nothing."""
    return {
        "score": sum(lesson.score for lesson in lessons),
        "execution_time": round(sum(lesson.seconds for lesson in lessons)),
        "output": "\n".join(feedback.summary(lesson) for lesson in lessons),
        "output_format": "text",
        "stdout_visibility": "hidden",  # it is the grader's, not the student's
        "tests": [
            _gradescope(f"{lesson.lesson}: {check.title}", check)
            for lesson in lessons
            for check in lesson.checks
        ],
    }


def _gradescope(name: str, check: Verdict) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": name if check.status != "skipped" else f"SKIPPED {name}",
        "score": check.score,
        "max_score": check.max_score,
        "output": _told(check),
        "output_format": "text",
        "visibility": "visible",
        "tags": [check.id],
    }
    if check.status != "skipped":
        test["status"] = "passed" if check.status == "passed" else "failed"
    return test


def github_classroom(lessons: Sequence[LessonVerdict]) -> dict[str, Any]:
    """What GitHub Classroom's reporter reads, in base64, as the result of a test runner.

    Skipped checks are left out: it knows no word for them. With no check left the status is
    "error".
    """
    checks = [
        (lesson, check)
        for lesson in lessons
        for check in lesson.checks
        if check.status != "skipped"
    ]
    full = all(check.status == "passed" for _, check in checks)
    return {
        "version": 1,
        "status": ("pass" if full else "fail") if checks else "error",
        "max_score": sum(check.max_score for _, check in checks),
        "tests": [
            {
                "name": f"{lesson.lesson}: {check.title}",
                "status": "pass" if check.status == "passed" else "fail",
                "score": check.score,
                "message": "" if check.status == "passed" else _told(check),
                "test_code": check.again,
                "filename": check.program,
                "line_no": 0,
                "execution_time": f"{lesson.seconds:.1f}s",
            }
            for lesson, check in checks
        ],
    }


def junit(
    submissions: Iterable[tuple[str, Sequence[LessonVerdict]]],
    notes: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> Iterator[str]:
    """JUnit XML, piece by piece: a suite for each lesson of each submission, a case for each check.

    `submissions` are names of students, empty for one's own, with what was found. `notes` give, by
    name and lesson, what else is to be said about a suite: it becomes its property "note".
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="chatkit">\n'
    for student, lessons in submissions:  # one after the other: a class of them is large
        for lesson in lessons:
            root = xml.Element("testsuites")
            note = notes.get((student, lesson.lesson), "")
            _suite(root, f"{student} {lesson.lesson}".strip(), lesson, note)
            xml.indent(root)
            yield f"  {xml.tostring(root[0], encoding='unicode').rstrip()}\n"
    yield "</testsuites>\n"


def _suite(root: xml.Element, name: str, lesson: LessonVerdict, note: str) -> None:
    failed = sum(check.status in ("failed", "not_reached") for check in lesson.checks)
    suite = xml.SubElement(
        root,
        "testsuite",
        name=one_line(name),
        tests=str(len(lesson.checks)),
        failures=str(failed),
        errors="0",
        skipped=str(sum(check.status == "skipped" for check in lesson.checks)),
        time=f"{lesson.seconds:.3f}",
    )
    if note:
        properties = xml.SubElement(suite, "properties")
        xml.SubElement(properties, "property", name="note", value=one_line(note))
    for check in lesson.checks:
        case = xml.SubElement(
            suite, "testcase", classname=one_line(name), name=f"{check.id}: {check.title}"
        )
        if check.status == "skipped":
            xml.SubElement(case, "skipped", message=one_line(check.message))
        elif check.status != "passed":
            about = {"message": one_line(check.message), "type": check.symptom or check.status}
            xml.SubElement(case, "failure", about).text = _told(check)
        if check.output:
            xml.SubElement(case, "system-out").text = visible(check.output)


def _told(check: Verdict) -> str:
    """The feedback of one check as text; a check that passed has none."""
    if check.status == "passed":
        return ""
    text = feedback.plain if check.status == "failed" else feedback.short
    return visible(text(check))
