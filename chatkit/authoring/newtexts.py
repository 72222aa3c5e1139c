"""The texts that a new lesson begins with. What its author must replace says `WRITE ME`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from chatkit.course.checks import Check
from chatkit.course.lessons import Lesson

MARK = "WRITE ME"
IDEA = "The idea"


@dataclass(frozen=True)
class NewTexts:
    """What the texts of a new lesson need to know."""

    number: int
    step: str
    title: str
    minutes: int
    origin: Lesson  # the lesson that it grows from
    goes_on: bool  # whether that is the last one there is
    given: Mapping[str, str]  # program -> the step that owns it
    todos: Mapping[str, str]  # program -> the function with its TODO
    checks: tuple[tuple[str, Check], ...]  # with the names of their functions
    points: list[int]

    @property
    def name(self) -> str:
        return f"{self.number:02d}_{self.step}"

    @property
    def rule(self) -> str:
        """The anchor of its section of the contract."""
        words = "".join(c for c in self.title.lower() if c.isalnum() or c in " -_")
        return f"lesson-{self.number}-{words.replace(' ', '-')}"


def lesson_toml(new: NewTexts) -> str:
    """Its facts."""
    blocks = [
        "\n".join(
            [
                f"title = {quoted(new.title)}",
                f'summary = "{MARK}: one sentence about the lesson."',
                f"minutes = {new.minutes}",
                f'goals = ["{MARK}: what students can do afterwards"]',
                f"asked = [{', '.join(map(quoted, new.todos))}]",
                *([] if new.goes_on else [f"grows_from = {quoted(new.origin.step)}"]),
                *(["window = true"] if new.origin.window else []),
            ]
        )
    ]
    if new.goes_on:
        reasons = (f'{quoted(f"{p}:{f}")} = "{MARK}: why it differs"' for p, f in new.todos.items())
        blocks.append("\n".join(["[changes]", *reasons]))
    if new.given:
        given = (f"{quoted(program)} = {quoted(step)}" for program, step in new.given.items())
        blocks.append("\n".join(["[given]", *given]))
    for turn, program in enumerate(new.todos, start=1):
        judged = [check.id for _, check in new.checks if check.program == program]
        blocks.append(
            "\n".join(
                [
                    "[[todo]]",
                    f"number = {turn}",
                    f"program = {quoted(program)}",
                    "checks = [",
                    *(f"  {quoted(id)}," for id in judged),
                    "]",
                    "hints = [",
                    f'  "{MARK}: a question to think about?",',
                    f'  "{MARK}: where to look.",',
                    f'  "{MARK}: nearly_the(line).",',
                    "]",
                ]
            )
        )
    return "\n\n".join(blocks) + "\n"


def lesson_text(new: NewTexts) -> str:
    """The page of the lesson."""
    asked = " and ".join(f"[{program}]({program})" for program in new.todos)
    given = "".join(f"; [{program}]({program}) is given" for program in new.given)
    todos = "\n\n".join(
        f"**TODO {turn}:** {MARK}: what to write in `{function}()` of {program}, and why."
        for turn, (program, function) in enumerate(new.todos.items(), start=1)
    )
    count = f"{len(new.todos)} TODO{'s' if len(new.todos) > 1 else ''}"
    return f"""\
# Lesson {new.number}: {new.title}

{MARK}: what is new, in two sentences.

| | |
|---|---|
| time | about {new.minutes} minutes |
| you write | {count} in {asked}{given} |
| you should know | [lesson {new.origin.number}](../{new.origin.name}/README.md) |
| the promise | [the contract](../../docs/contract.md#{new.rule}) says what your programs must do |

## A failure first

{MARK}: something to run that goes wrong without this lesson. Let the reader guess first.

## {IDEA}

{MARK}: why, then how.

{todos}

## Check your program

```sh
chatkit check {new.number}
chatkit check {new.number} --only {new.checks[0][1].id}
```

Then read [the walkthrough](../../solutions/{new.name}/README.md).
"""


def walkthrough(new: NewTexts) -> str:
    """The page about the finished programs; `chatkit author sync` fills in the code."""
    parts = "\n\n".join(
        f"## {heading(program)}\n\n<!-- code: {program} {function} -->\n```python\n```\n\n"
        f"{MARK}: why it is like this, and what goes wrong without it."
        for program, function in new.todos.items()
    )
    finished = " and ".join(f"[{program}]({program})" for program in new.todos)
    return f"""\
# Walkthrough {new.number}: {new.title}

This page explains the finished {finished}. Read it after you have tried
[the lesson](../../lessons/{new.name}/README.md) yourself.

{parts}
"""


def checks(new: NewTexts) -> str:
    """The file of its checks: all of them are the other lesson's."""
    other = new.origin.step
    taken = "\n".join(
        f"{name} = take({other}.{name}, points={points}, read=IDEA)"
        for (name, _), points in zip(new.checks, new.points, strict=True)
    )
    return f'''\
"""Lesson {new.number}: {MARK} in one line."""

from chatkit.course import take

from . import test_{new.origin.name} as {other}

IDEA = "{IDEA}"

# {MARK}: keep what still holds, and write a check with @check for what is new.
{taken}
'''


def contract_section(new: NewTexts) -> str:
    """What its programs must do."""
    given = f"You write {' and '.join(new.todos)}. "
    return f"""\
## Lesson {new.number}: {new.title}

{given}Everything of [lesson {new.origin.number}](#{origin_rule(new)}) still holds.

- {MARK}: what you see from the outside. What you do not promise, you cannot check.

"""


def origin_rule(new: NewTexts) -> str:
    """The section that most checks of the other lesson stand on."""
    rules = [check.rule for _, check in new.checks]
    return max(set(rules), key=rules.count)


def heading(program: str) -> str:
    return f"The {program.removesuffix('.py')}"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
