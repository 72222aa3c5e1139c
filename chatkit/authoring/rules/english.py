"""A rule about words: kinds of sentences that read like a translation, listed in `words.toml`."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chatkit.authoring.clone import Clone, read
from chatkit.authoring.site.markdown import CODE_SPAN, prose
from chatkit.course.errors import Problem

LIST = Path(__file__).with_name("words.toml")
# Texts for readers; pages that are made say what their sources say.
TEXTS = ("README.md", ".github/*.md", "docs/**/*.md", "*/[0-9]*/README.md")
MADE = "<!-- Made from"
FACTS = ("lessons/*/lesson.toml",)
PROGRAMS = ("chatkit/**/*.py", "tests/lessons/*.py")


@dataclass(frozen=True)
class Kind:
    """Words to look for, and what to write in their place."""

    find: re.Pattern[str]
    say: str


@cache
def kinds() -> tuple[Kind, ...]:
    """What `words.toml` lists."""
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["kind"]
    return tuple(Kind(re.compile(one["find"], re.MULTILINE), one["say"]) for one in listed)


def texts_are_plain_english(clone: Clone) -> Iterator[Problem]:
    """no text, message or docstring has a sentence of a kind that reads like a translation"""
    for patterns, words_of in ((TEXTS, of_a_text), (FACTS, of_facts), (PROGRAMS, of_a_program)):
        for file in sorted(path for pattern in patterns for path in clone.root.glob(pattern)):
            text = read(file)
            if file.suffix == ".md" and MADE in text:
                continue
            for line, words in words_of(text):
                for say in wrong(words):
                    yield Problem(file, "a sentence that reads like a translation", say, line)


def wrong(words: str) -> Iterator[str]:
    """What to write in place of each kind that is found in these words."""
    for kind in kinds():
        if kind.find.search(words):
            yield kind.say


def of_a_text(text: str) -> Iterator[tuple[int, str]]:
    """The prose of a page, with the number of each line; code is left out."""
    for number, line, is_prose in prose(text):
        if is_prose:
            yield number, CODE_SPAN.sub("", line)


def of_facts(text: str) -> Iterator[tuple[int, str]]:
    """Every line of a file of facts."""
    yield from enumerate(text.split("\n"), start=1)


def of_a_program(source: str) -> Iterator[tuple[int, str]]:
    """The strings of a program, docstrings among them, each with its line."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return  # another rule says so
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, CODE_SPAN.sub("", node.value)
