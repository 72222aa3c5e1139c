"""The page "Add a lesson in ten steps", followed to the letter in a clone.

A block with a file's name is written there; one that is a diff is put into it; shell commands run,
and print what stands below them.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chatkit.course.lessons import find_course

COURSE = find_course(Path(__file__).parent)
ROOT = COURSE.root
NEXT = len(COURSE.lessons) + 1
SIXTH = re.compile(r"(?<!least )(?<![\w./])6(?!\w|\.\d)")
PAGE = ROOT / "docs/authors/add-a-lesson.md"
BLOCK = re.compile(r'^(`{3,4})(\w+)(?: title="([^"]+)")?\n(.*?)^\1$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    file: str
    text: str


def blocks() -> Iterator[Block]:
    """The blocks of the page. Its lesson is the sixth; here it is the next one."""
    page = SIXTH.sub(str(NEXT), PAGE.read_text(encoding="utf-8"))
    page = page.replace("06_whisper", f"{NEXT:02d}_whisper")
    for _, language, file, text in BLOCK.findall(page):
        yield Block(language, file, text)


def change(file: Path, diff: str) -> None:
    """Put a diff without line numbers into the one place where it fits."""
    lines = diff.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name}: {before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


def clone_into(folder: Path) -> None:
    """What `git clone` brings, as far as authors need it, with what is not committed yet."""
    for room in ("chatkit", "docs", "lessons", "solutions", "tests"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)


def run(commands: str, folder: Path) -> str:
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "NO_COLOR": "1",
        "COLUMNS": "80",
    }
    done = subprocess.run(
        ["bash", "-ec", commands],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,  # only a program that hangs comes near
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout


def expect(wanted: str, printed: str) -> None:
    """`wanted` is there; `…` stands for any text, and seconds may be others."""
    pattern = re.escape(wanted.strip("\n")).replace("…", ".*?")
    pattern = re.sub(r"\d+\\\.\d\\ s", r"[0-9.]+ s", pattern)
    assert re.search(pattern, printed, re.DOTALL), printed


def test_following_the_page_adds_a_lesson(tmp_path: Path) -> None:
    clone = tmp_path / "whisper"
    printed = ""
    for block in blocks():
        file = clone / block.file
        if block.language == "diff":
            change(file, block.text)
        elif block.file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.text.startswith("git clone"):
            clone_into(clone)
        elif block.language == "sh" and block.text != "mkdocs serve\n":  # it would never end
            printed = run(block.text, clone)
        elif block.language == "text":
            expect(block.text, printed)

    assert (clone / f"docs/walkthroughs/{NEXT:02d}_whisper.md").is_file()
