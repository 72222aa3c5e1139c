"""The folders that students and checks write to."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, find_course
from chatkit.course.places import INSTALLED
from chatkit.tools.doctor.finding import Finding, Status

KIT = Path(__file__).parents[2]
LEAST, PLENTY = 100, 1000  # MB; checks copy programs there, and pictures of windows are drawn


def lessons() -> Finding:
    """Which lessons the commands use, and whether a student can write there."""
    try:
        course = find_course()
    except CourseError as error:
        return Finding(
            "lessons", "wrong", str(error), "bring that file back, or unpack the kit again"
        )
    where = f"{len(course.lessons)} in {course.root / 'lessons'}"
    if course.root == INSTALLED:
        told = f"{where}: the kit's own, not yours"
        return Finding("lessons", "remark", told, "take a copy: chatkit init my-chat")
    if missing := [path for path in programs(course) if not path.is_file()]:
        lesson, program = missing[0].parent.name, missing[0].name
        told = f"{where}, but {lesson}/{program} is missing"
        cure = f"rename your file back to {program}, or chatkit reset {lesson[:2].lstrip('0')}"
        return Finding("lessons", "wrong", told, cure)
    if locked := [path for path in programs(course) if not is_writable(path)]:
        told = f"{where}, but you cannot write {locked[0].parent.name}/{locked[0].name}"
        return Finding("lessons", "wrong", told, "copy the whole folder to your home, work there")
    if hiding := [path for path in modules(course) if path.stem in sys.stdlib_module_names]:
        told = f"{hiding[0]} has the name of a Python module: import finds it instead"
        return Finding("lessons", "wrong", told, f"give {hiding[0].name} another name")
    if os.pathsep in str(KIT):
        told = f"{where}. The path of the kit has a {os.pathsep!r} in it: programs of other folders"
        told += " start more slowly there, and their windows are not checked"
        return Finding("lessons", "remark", told, f"move the kit: {KIT.parent}")
    return Finding("lessons", "ok", f"{where}, and you can write there")


def programs(course: Course) -> list[Path]:
    """The programs that a student writes."""
    return [lesson.folder / program for lesson in course.lessons for program in lesson.asked]


def modules(course: Course) -> list[Path]:
    """All Python files beside them."""
    return [path for lesson in course.lessons for path in sorted(lesson.folder.glob("*.py"))]


def is_writable(path: Path) -> bool:
    """Whether the file can be changed, and others be made beside it. It is not touched."""
    try:
        with path.open("r+b"):
            return os.access(path.parent, os.W_OK)
    except OSError:
        return False


def temporary() -> Finding:
    """The folder for temporary files, and how much room it has."""
    try:
        folder = tempfile.gettempdir()  # it writes a file there
    except FileNotFoundError:
        told = "no folder takes a temporary file: the disk is full, or all are locked"
        return Finding("temp folder", "wrong", told, "free some space, or set TMPDIR to a folder")
    free = shutil.disk_usage(folder).free // 10**6
    told = f"{folder} has {free:,} MB free"
    cure = "free some space, or set TMPDIR to another folder"
    status: Status = "wrong" if free < LEAST else "remark" if free < PLENTY else "ok"
    return Finding("temp folder", status, told, "" if status == "ok" else cure)
