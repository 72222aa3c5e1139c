"""The slides of each session: what the plan says to show and to ask, and the lesson's experiment.

A slide is a section of a page. The site's script shows one at a time, and in print each has a page
of its own. A session of the plan begins with `## Session 1: …`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.scenes.pages import figure
from chatkit.authoring.scenes.scenes import scenes
from chatkit.authoring.site.markdown import front, links, prose
from chatkit.course.lessons import Lesson

NOTE = (
    "<!-- Made from instructors/plan.md and lessons/ by `chatkit author sync`. -->\n\n"
    "<!-- Each heading begins a slide: see assets/slides.js. -->"
)
BAR = """\
<div class="slide-bar"></div>

The button shows one slide at a time. To make a PDF, print this page: a new sheet for each slide."""
EXPERIMENT = "A failure first"
PLAN = "instructors/plan.md"
CODE = re.compile(r"^```(?:python|pycon)\n.*?^```$", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"^```text\n.*?^```$", re.MULTILINE | re.DOTALL)
IDEA = re.compile(r"The idea: \*\*(.+?)\*\*", re.DOTALL)
PARTS = re.compile(r"^\*\*(Show|Ask|Homework):\*\*", re.MULTILINE)


def slides(clone: Clone) -> Iterator[tuple[Path, str]]:
    """The page of slides for each lesson that has a session in the plan."""
    text = planned_sessions(clone)
    for lesson in clone.lessons:
        if plan := session(text, lesson):
            page = clone.docs / f"slides/{lesson.name}.md"
            yield page, "\n\n".join(deck(clone, lesson, plan)) + "\n"


def planned_sessions(clone: Clone) -> str:
    """The plan for instructors; "" in a course that has none."""
    file = clone.docs / PLAN
    return read(file) if file.is_file() else ""


def session(text: str, lesson: Lesson) -> str:
    """What the plan says about a lesson; "" where it has no session for it."""
    begun = re.search(rf"^## Session {lesson.number}: .*\n", text, re.MULTILINE)
    return text[begun.end() :].partition("\n## ")[0] if begun else ""


def deck(clone: Clone, lesson: Lesson, plan: str) -> Iterator[str]:
    """The blocks of one page of slides."""
    title = f"Slides {lesson.number}: {lesson.title}"
    yield front(f"Slides for session {lesson.number} of the chat course: {lesson.title}.")
    yield NOTE
    yield f"# {title}"
    if idea := IDEA.search(plan):
        words = " ".join(idea[1].split())
        yield f"**{words[:1].upper()}{words[1:]}**"
    yield BAR
    yield "## At the end you can"
    yield "\n".join(f"- {goal}" for goal in lesson.goals)
    experiment = part_of(read(lesson.folder / "README.md"), EXPERIMENT)
    if code := CODE.search(experiment):
        asked, answer = prediction(code[0], experiment[code.end() :])
        yield "## Predict first, in writing"
        yield asked
        yield "What happens? Write your answer down before we run it."
        yield "## What happens"
        yield answer
    for one in scenes(clone):
        if one.lesson == lesson:
            yield f"## {one.title}"
            yield figure(clone, one)
            break
    for number, question in enumerate(questions(plan), start=1):
        yield f"## Question {number}"
        yield question
    yield "## Before the next session"
    yield paragraph(plan, "Homework")


def prediction(code: str, after: str) -> tuple[str, str]:
    """An experiment without what it says, and what it says."""
    if not code.startswith("```pycon"):
        output = OUTPUT.search(after)
        return code, output[0] if output else ""
    lines = code.split("\n")[:-1]
    last = max(number for number, line in enumerate(lines) if line.startswith(">>> "))
    asked, said = lines[: last + 1], lines[last + 1 :]
    return "\n".join([*asked, "```"]), "\n".join(["```text", *said, "```"])


def part_of(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one; "" where it is missing."""
    inside, out = False, []
    for _, line, is_prose in prose(text):
        if is_prose and line.startswith("#"):
            inside = line.strip("# ") == heading
        elif inside:
            out.append(line)
    return "\n".join(out)


def questions(plan: str) -> list[str]:
    """The list below **Ask:**, each item on one line."""
    asked = plan.partition("**Ask:**")[2]
    asked = PARTS.split(asked)[0].partition("\n**")[0]
    return [" ".join(one.split()) for one in re.split(r"^- ", asked, flags=re.MULTILINE)[1:]]


def paragraph(plan: str, name: str) -> str:
    """The paragraph that begins with **name:**, without its links."""
    told = plan.partition(f"**{name}:**")[2].partition("\n\n")[0].strip()
    for link in links(told):
        told = told.replace(link.written, link.label)
    return told[:1].upper() + told[1:]
