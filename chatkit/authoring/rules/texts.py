"""Rules about what lesson texts, walkthroughs and the site's navigation must hold."""

import re
from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.functions import functions
from chatkit.authoring.newtexts import MARK
from chatkit.authoring.rules.todos import toml, toml_line
from chatkit.authoring.site.markdown import prose
from chatkit.authoring.site.pages import LESSON_PAGES, SLIDES
from chatkit.authoring.teaching.slides import planned_sessions, session
from chatkit.course.errors import Problem
from chatkit.course.lessons import Lesson
from chatkit.course.regions import todos
from chatkit.course.todo import asked_for

ONE_CHECK = re.compile(r"chatkit check (\d+) --only ([\w-]+)")
CODE_IN_A_HINT = ("(", " = ")
COUNTED = re.compile(r"\| you write \| (\w+) TODO")
WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
NAVIGATION = "mkdocs.yml"


def texts_name_checks_that_are_there(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every `chatkit check … --only …` of a text names this lesson and one of its checks"""
    known = {check.id for check in checks_of(lesson)}
    for readme in (lesson.folder / "README.md", lesson.solutions / "README.md"):
        if not readme.is_file():
            continue
        for line, text in enumerate(read(readme).split("\n"), start=1):
            for number, check in ONE_CHECK.findall(text):
                own = number == str(lesson.number)
                if readme.parent == lesson.folder and not own:
                    what = f"the text of lesson {lesson.number} runs a check of lesson {number}"
                    yield Problem(readme, what, f"chatkit check {lesson.number} --only …", line)
                elif own and check not in known:
                    what = f"{lesson.name} has no check {check!r}"
                    cure = f"name one of: {', '.join(sorted(known))}"
                    yield Problem(readme, what, cure, line)


def texts_count_their_todos(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """where the text says how many TODOs there are, it says what lesson.toml says"""
    readme = lesson.folder / "README.md"
    lines = read(readme).split("\n") if readme.is_file() else []
    for line, text in enumerate(lines, start=1):
        told = COUNTED.match(text)
        right = len(lesson.todos)
        if told and told[1].lower() not in (str(right), *WORDS[right : right + 1]):
            what = f"the text says {told[1]} TODOs, and there are {right}"
            yield Problem(readme, what, "correct the number", line)


def nothing_is_left_to_write(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """no text says WRITE ME, as those do that a new lesson begins with"""
    files = [toml(lesson), lesson.folder / "README.md", lesson.solutions / "README.md"]
    files += sorted((clone.root / "chatkit/reference" / lesson.step).glob("*.py"))
    files += [lesson.checks_file]
    files += sorted((clone.root / "tests/mistakes" / lesson.name).glob("*/expected.toml"))
    for file in filter(Path.is_file, files):
        for line, text, is_prose in prose(read(file)):
            if MARK in text and (is_prose or file.suffix != ".md"):  # code is another file's
                yield to_write(file, line, text)
    contract = clone.docs / "contract.md"
    rules = read(contract).split("\n") if contract.is_file() else ()
    inside = False
    for line, text in enumerate(rules, start=1):
        begins = text.startswith(f"## Lesson {lesson.number}:")
        inside = begins or (inside and not text.startswith("## "))
        if MARK in text and inside:
            yield to_write(contract, line, text)


def to_write(file: Path, line: int, text: str) -> Problem:
    said = text.partition(MARK)[2].strip("\"',:)]|. ")
    return Problem(file, "something is left to write", said or "write it", line)


def homes_name_every_lesson(clone: Clone) -> Iterator[Problem]:
    """the first page of the site names every lesson"""
    home = clone.docs / "index.md"
    text = read(home) if home.is_file() else ""
    for lesson in clone.lessons:
        if f"(lessons/{lesson.name}.md)" not in text:
            cure = "write <!-- made: lessons --> and <!-- end -->, and run chatkit author sync"
            yield Problem(home, f"the page does not name {lesson.name}", cure)


def texts_show_one_check(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the text shows how to run one check alone"""
    readme = lesson.folder / "README.md"
    if readme.is_file() and not ONE_CHECK.search(read(readme)):
        what = "the text does not show how to run one check alone"
        example = checks_of(lesson)[0].id
        cure = f"write a line: chatkit check {lesson.number} --only {example}"
        yield Problem(readme, what, cure)


def texts_ask_for_every_todo(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the text of the lesson asks for every TODO, in bold, below a heading"""
    readme = lesson.folder / "README.md"
    for number, heading in asked_for(lesson).items() if readme.is_file() else ():
        if not heading:
            what = f"the text does not ask for TODO {number} below a heading"
            cure = f"write it in bold where the reader has to write it: **TODO {number}:** …"
            yield Problem(readme, what, cure)


def hints_go_from_a_question_to_code(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the first hint of a TODO is a question, and the last one holds code"""
    for todo in lesson.todos:
        line = toml_line(lesson, todo.number)
        if todo.hints and "?" not in todo.hints[0]:
            what = f"the first hint of TODO {todo.number} is not a question"
            yield Problem(toml(lesson), what, "ask what the student should think about", line)
        if todo.hints and not any(sign in todo.hints[-1] for sign in CODE_IN_A_HINT):
            what = f"the last hint of TODO {todo.number} shows no code"
            yield Problem(toml(lesson), what, "nearly give the line away", line)


def walkthroughs_explain_every_todo(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the walkthrough shows the function of every TODO, below a heading"""
    page = lesson.solutions / "README.md"
    if not page.is_file():
        return
    shown, heading = set(), False
    for text in read(page).split("\n"):
        heading = heading or text.startswith("## ")
        marker = text.removeprefix("<!-- code:").removesuffix("-->").split()
        if heading and text.startswith("<!-- code:"):
            shown.add(tuple(marker))
    for program in lesson.asked:
        file = clone.reference(lesson.step, program)
        source = read(file) if file.is_file() else ""
        around = functions(source) if source else {}
        for region in todos(source, file) if source else ():
            names = [one.name for one in around.values() if one.first <= region.first <= one.last]
            if not {(program, name) for name in names} & shown:
                what = f"the walkthrough does not show the function of TODO {region.number}"
                cure = f"below a ## heading write: <!-- code: {program} {names[-1]} -->"
                yield Problem(page, what, cure)


def pages_are_in_the_navigation(clone: Clone) -> Iterator[Problem]:
    """the navigation of the site has the pages of every lesson, and none that is not there"""
    file = clone.root / NAVIGATION
    if not file.is_file():
        yield Problem(file, "the site has no settings", "write them, as those of mkdocs-material")
        return
    entry = re.compile(r"^\s*- (?:[^#\n]*: )?(\S+\.md)\s*$", re.MULTILINE)
    named = entry.findall(read(file).partition("\nnav:")[2])
    made = []
    plan = planned_sessions(clone)
    for lesson in clone.lessons:
        for folder, title in (LESSON_PAGES | (SLIDES if session(plan, lesson) else {})).items():
            place = f"{folder}/{lesson.name}.md"
            made.append(place)
            if place not in named:
                entry_title = title.format(number=lesson.number, title=lesson.title)
                cure = f'add to nav: - "{entry_title}": {place}'
                yield Problem(file, f"nav does not have the page {place}", cure)
    for place in named:
        if place not in made and not (clone.docs / place).is_file():
            yield Problem(file, f"nav names {place}, which is not there", "take it out")
