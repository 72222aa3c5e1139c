"""A class whose programs are compared, and programs that were copied and disguised."""

import re
from pathlib import Path

from chatkit.classroom.similar import (
    THRESHOLD,
    Findings,
    find_similar,
)
from chatkit.classroom.submissions.submissions import Submission
from chatkit.course.lessons import Lesson, find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")


DESIGNS = ROOT / "tests" / "alternatives"


def program(design: str, lesson: Lesson = ECHO, name: str = "server.py") -> str:
    return (DESIGNS / lesson.name / design / name).read_text(encoding="utf-8")


def solved(*functions: str) -> str:
    """The starter of the echo server, with these functions as the solution has them."""
    text = (ECHO.folder / "server.py").read_text(encoding="utf-8")
    solution = (ECHO.solutions / "server.py").read_text(encoding="utf-8")
    for name in functions:
        body = re.compile(rf"^def {name}\(.*?(?=^def )", re.MULTILINE | re.DOTALL)
        (done,) = body.findall(solution)
        text = body.sub(lambda _, done=done: done, text)
    return text


def disguised(text: str) -> str:
    """The same program with other names, comments, docstrings, texts and spaces."""
    kept = {"import", "from", "as", "self", "__init__", "__name__"}
    defined = set(re.findall(r"(?:def|class) (\w+)|^ *(\w+) = ", text, re.MULTILINE))
    for name in sorted({one for pair in defined for one in pair if one} - kept):
        text = re.sub(rf"\b{name}\b", f"my_{name[::-1]}", text)
    text = re.sub(r"^(def .*:)$", r'\1\n    """All my own work."""', text, flags=re.MULTILINE)
    text = re.sub(r"^( +)(return|while|if)", r"\1# I thought of this\n\n\1\2", text, flags=re.M)
    return text.replace("    ", "  ")


class Class:
    """Submissions of the echo server, by student."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.students: list[Submission] = []

    def add(
        self, student: str, content: str | bytes, name: str = "", lesson: Lesson = ECHO
    ) -> None:
        folder = self.folder / student / lesson.name
        folder.mkdir(parents=True)
        data = content if isinstance(content, bytes) else content.encode()
        (folder / "server.py").write_bytes(data)
        one = Submission(student, name or student, {lesson.name: folder}, False, student, ())
        self.students.append(one)

    def found(self, threshold: int = THRESHOLD, lesson: Lesson = ECHO) -> Findings:
        return find_similar(self.students, [lesson], threshold)

    def pairs(self, threshold: int = THRESHOLD) -> set[tuple[str, str]]:
        return {(one.first.student, one.second.name) for one in self.found(threshold).pairs}
