"""The walks on the page for authors: every file is there, and leads to those behind it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/authors.md"
MOST = {"check 2": 12, "a zip": 15, "A new symptom": 2}  # files, by a part of the walk's title


def walks() -> dict[str, list[str]]:
    """Each walk of the page: its title -> the files, in order."""
    text = PAGE.read_text(encoding="utf-8").partition("### Three walks")[2].partition("\n## ")[0]
    found: dict[str, list[str]] = {}
    for title, steps in re.findall(r"^\*\*(.+)\*\*\n\n((?:\d+\. .+\n)+)", text, re.MULTILINE):
        found[title] = re.findall(r"^\d+\. `([^`]+)`", steps, re.MULTILINE)
    return found


def leads_to(file: str) -> set[str]:
    """The files that `file` imports or names as modules, or whose stories it calls."""
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(path.parent.relative_to(ROOT).parts) if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
            if module == "chatkit.bench":  # the door of the bench says where each name lives
                homes = exports()
                names |= {f"{module}.{homes.get(alias.name, alias.name)}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    found = {f"{name.replace('.', '/')}.py" for name in names if re.fullmatch(r"[\w.]+", name)}
    if any(isinstance(node, ast.Attribute) and node.attr == "story" for node in ast.walk(tree)):
        found |= {one.relative_to(ROOT).as_posix() for one in ROOT.glob("tests/lessons/test_*.py")}
    return found


def exports() -> dict[str, str]:
    """What `chatkit/bench/__init__.py` exports: name -> module of the bench."""
    source = (ROOT / "chatkit/bench/__init__.py").read_text(encoding="utf-8")
    return dict(re.findall(r'^    "(\w+)": "([\w.]+)"', source, re.MULTILINE))


@pytest.mark.parametrize("title", MOST)
def test_a_walk_is_short_and_each_file_is_led_to_by_one_before_it(title: str) -> None:
    [(_, files)] = [one for one in walks().items() if title in one[0]]

    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert len(set(files)) == len(files) <= MOST[title]
    if title == "A new symptom":
        return  # two places, and not a way from one to the other
    known = leads_to(files[0])
    for file in files[1:]:
        assert file in known, f"no file before it leads to {file}"
        known |= leads_to(file)
