"""The marker of a TODO, as the reference, the starters and the programs of students carry it.

The reference marks a region, `# region TODO 2: send it back`. In its place a starter has
`# TODO 2: send it back` and `raise NotImplementedError("TODO 2: send it back")`. Nobody else reads
these forms.
"""

import re

from chatkit.course.lessons import Course, Lesson

REGION = re.compile(r"# region TODO ([1-9][0-9]*): (\S.*)")
REACHED = re.compile(r"NotImplementedError: (TODO (\d+)\b.*)")
LEFT = re.compile(r"raise\s+NotImplementedError\(\s*['\"]TODO (\d+)\b")
NAMED = re.compile(r"TODO (\d+)\b")
ASKED = re.compile(r"\*\*TODO (\d+)\b")
HEADING = re.compile(r"#{2,3} (.*)")


def task_in(line: str, number: int) -> str:
    """What the comment in `line` asks for, if it is the one of TODO `number`; else empty."""
    found = re.match(rf"\s*# TODO {number}: (.*)", line)
    return found[1] if found else ""


def opens(line: str, number: int) -> bool:
    """Whether a line of the reference opens the region of TODO `number`."""
    found = REGION.match(line.strip())
    return found is not None and found[1] == str(number)


def named_in(message: str) -> int | None:
    """The number of the first TODO that a message names."""
    found = NAMED.search(message)
    return int(found[1]) if found else None


def reached(errors: str) -> str:
    """The unwritten TODO that a program reached, from what it wrote to standard error: "TODO 2: …".

    Of several, as when two threads reach one each, the one with the lowest number. Empty for none.
    """
    found = sorted(REACHED.findall(errors), key=lambda one: int(one[1]))
    return str(found[0][0]) if found else ""


def unfinished(text: str) -> list[int]:
    """The numbers of the TODOs that are left in a program, in order."""
    return sorted({int(number) for number in LEFT.findall(text)})


def unfinished_in(lesson: Lesson) -> set[int]:
    """The numbers of the TODOs of `lesson` that the student has not touched. Raises OSError."""
    texts = [(lesson.folder / program).read_bytes() for program in lesson.asked]
    return {
        number for text in texts for number in unfinished(text.decode("utf-8", errors="replace"))
    }


def asked_for(lesson: Lesson) -> dict[int, str]:
    """The TODOs in the order in which the lesson's text asks for them, each with its heading there.

    The text asks for one where it names it in bold: `**TODO 2:** let people in`. Those that it does
    not name come last, with an empty heading.
    """
    try:
        text = (lesson.folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found: dict[int, str] = {}
    heading, code = "", False
    for line in text.split("\n"):
        if line.startswith("```"):
            code = not code
        elif not code and (match := HEADING.match(line)):
            heading = match[1].strip()
        elif not code:
            for number in ASKED.findall(line):
                found.setdefault(int(number), heading)
    numbers = [todo.number for todo in lesson.todos]
    rest = {number: "" for number in numbers if number not in found}
    return {number: found[number] for number in found if number in numbers} | rest


def begun(course: Course) -> list[Lesson]:
    """The lessons whose programs are there, with fewer unfinished TODOs than they came with."""
    return [
        lesson
        for lesson in course.lessons
        if all((lesson.folder / program).is_file() for program in lesson.asked)
        and len(unfinished_in(lesson)) < len(lesson.todos)
    ]
