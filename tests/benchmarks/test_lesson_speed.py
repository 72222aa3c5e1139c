"""How fast each lesson is checked, against a floor that only starts the same programs.

`pytest tests/benchmarks/test_lesson_speed.py -s` prints for each lesson what its checks take in a
grader that has started, against the floor, and check by check what the time goes to. Beside that
stands what `chatkit check N --solutions` takes, which has to start first. At the end comes the same
for all lessons in one command, and for `pytest tests/lessons`. Run it on a machine that has nothing
else to do. With `CHATKIT_RECORD=FILE` the figures go into FILE as well.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from floor import PARTS, Story, observed, replay, screen
from recorded import record

from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.parallel import worth_sharing
from chatkit.grading.runner import grade_lesson

COURSE = find_course(Path(__file__).parent)
LESSONS = [lesson.name for lesson in COURSE.lessons]
ROUNDS = 5  # of all, in turns; the quickest of each counts
MOST = 1.3  # times the floor
DEADLINE = 300  # seconds for one command


@dataclass(frozen=True)
class Floor:
    """One run of the floor, in seconds."""

    whole: float
    checks: tuple[float, ...]


def floor_of(stories: Sequence[Story], folders: Sequence[Path]) -> Floor:
    """What the starts of these checks take; `folders` are those of their programs."""
    since = time.perf_counter()
    with screen(stories) as environment:
        each = [replay(*one, environment) for one in zip(stories, folders, strict=True)]
    return Floor(time.perf_counter() - since, tuple(each))


@cache
def first(name: str) -> list[Story]:
    """What the checks of a lesson start. This also warms the grader up."""
    lesson = COURSE.lesson(name)
    with observed() as stories:
        assert grade_lesson(lesson, lesson.solutions).full
    return stories


def graded(name: str) -> float:
    """Grade the solution of a lesson as `chatkit check` does; the seconds."""
    lesson = COURSE.lesson(name)
    since = time.perf_counter()
    assert grade_lesson(lesson, lesson.solutions, RunOptions(at_once=worth_sharing(lesson))).full
    return time.perf_counter() - since


def observed_one_by_one(name: str) -> tuple[float, list[Story]]:
    """Grade it one check after the other; the seconds, and what they went to."""
    lesson = COURSE.lesson(name)
    with observed() as stories:
        since = time.perf_counter()
        assert grade_lesson(lesson, lesson.solutions).full
        return time.perf_counter() - since, stories


def ran(*command: str) -> float:
    """The seconds that a command of this Python takes."""
    since = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", *command],
        cwd=COURSE.root,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=DEADLINE,
    )
    return time.perf_counter() - since


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson(name: str) -> None:
    lesson = COURSE.lesson(name)
    planned = first(name)
    folders = [lesson.solutions] * len(planned)
    floors, warm, one_by_one, commands = [], [], [], []
    for _ in range(ROUNDS):
        floors.append(floor_of(planned, folders))
        warm.append(graded(name))
        one_by_one.append(observed_one_by_one(name))
        commands.append(ran("chatkit", "check", str(lesson.number), "--solutions"))
    floor = min(floors, key=lambda one: one.whole)
    slow, stories = min(one_by_one, key=lambda one: one[0])
    times = {
        "checks": min(warm),
        "checks, one by one": slow,
        "command": min(commands),
    }

    starts = sum(len(story.started) for story in stories)
    print(f"\n\n{name}: {starts} starts, floor {floor.whole:.2f} s")
    for what, seconds in times.items():
        print(f"  {what}: {seconds:.2f} s, ratio {seconds / floor.whole:.2f}")
    show(stories, floor, slow)
    record(
        f"check {name}",
        {
            "floor": floor.whole,
            "at_once": worth_sharing(lesson),
            "times": times,
            "checks": [
                {
                    "check": story.check,
                    "starts": len(story.started),
                    "floor": least,
                    "seconds": story.seconds,
                    "parts": {**story.parts, "script": story.script},
                    "own": story.own,
                }
                for story, least in zip(stories, floor.checks, strict=True)
            ],
        },
    )
    assert times["checks"] / floor.whole <= MOST


def show(stories: Sequence[Story], floor: Floor, seconds: float) -> None:
    """A table of the checks, in milliseconds, the one first that loses most against its floor."""
    names = (*PARTS, "script")
    titles = ("starts", "floor", "takes", "over", *names, "own cpu")
    print(f"  {'check':20}" + "".join(f"{title:>9}" for title in titles) + "   (ms)")
    rows = sorted(zip(stories, floor.checks, strict=True), key=lambda row: row[1] - row[0].seconds)
    for story, least in rows:
        spent = (*story.parts.values(), story.script, story.own)
        times = (least, story.seconds, story.seconds - least, *spent)
        figures = "".join(f"{1000 * one:9.0f}" for one in times)
        print(f"  {story.check:20}{len(story.started):9}{figures}")
    beside = seconds - sum(story.seconds for story in stories)
    print(f"  beside the checks (pytest, reading the lesson, ending the display): {beside:.2f} s")


def test_the_suite() -> None:
    stories, folders = [], []
    for name in LESSONS:
        stories += first(name)
        folders += [COURSE.lesson(name).solutions] * len(first(name))
    floors, commands, suites = [], [], []
    for _ in range(ROUNDS):
        floors.append(floor_of(stories, folders).whole)
        commands.append(ran("chatkit", "check", "--solutions"))
        suites.append(ran("pytest", "-q", "-p", "no:cacheprovider", "tests/lessons"))
    floor = min(floors)
    times = {"chatkit check": min(commands), "pytest tests/lessons": min(suites)}
    starts = sum(len(story.started) for story in stories)
    print(f"\nall lessons: {starts} starts, floor {floor:.2f} s")
    for what, seconds in times.items():
        print(f"  {what}: {seconds:.2f} s, ratio {seconds / floor:.2f}")
    record("suite", {"starts": starts, "floor": floor, "times": times})
    assert times["chatkit check"] / floor <= MOST
