"""The table of mutants that survive, and how a mutant is named. No mutant runs here."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatkit.authoring.mutation.mutants import EXPLAINED, difference, explained
from chatkit.cli.main import main
from chatkit.course.lessons import find_course

ENTRY = """
[[survives]]
why = "equivalent"
programs = ["01_echo/server.py", "01_echo/client.py"]
nth = [1, 3]
[survives.lines]
'a = 1' = ['a = 2', 'a = 3']
"""


def write_table(root: Path, text: str) -> None:
    (root / EXPLAINED).parent.mkdir()
    (root / EXPLAINED).write_text(text, encoding="utf-8")


def test_every_explained_line_is_in_its_program() -> None:
    course = find_course()
    reasons = explained(course.root)
    assert reasons
    for (program, before, nth, after), why in reasons.items():
        text = (course.root / "solutions" / program).read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        first, *rest = before.split("\n")
        places = [place for place, line in enumerate(lines, start=1) if line == first]
        assert 1 <= nth <= len(places), (program, before, nth)
        place = places[nth - 1]
        assert lines[place : place + len(rest)] == rest, (program, before, nth)
        assert after != before, (program, before)
        assert why.strip(), (program, before)


def test_an_entry_explains_each_change_of_each_program(tmp_path: Path) -> None:
    write_table(tmp_path, ENTRY)
    assert explained(tmp_path) == {
        (f"01_echo/{program}.py", "a = 1", nth, after): "equivalent"
        for program in ("server", "client")
        for nth in (1, 3)
        for after in ("a = 2", "a = 3")
    }


def test_no_mutant_is_explained_twice(tmp_path: Path) -> None:
    write_table(tmp_path, ENTRY + ENTRY)
    with pytest.raises(ValueError, match="twice"):
        explained(tmp_path)


def test_a_mutant_is_told_by_the_lines_that_differ() -> None:
    source = "def f():\n    a = 1\n    b = 2\n    return a\n"
    assert difference(source, source.replace("= 2", "= 3")) == (3, "b = 2", "b = 3")
    both = source.replace("= 1", "= 0").replace("= 2", "= 3")
    assert difference(source, both) == (2, "a = 1\nb = 2", "a = 0\nb = 3")
    assert difference(source, source.replace("    b = 2\n", "")) == (3, "b = 2", "")
    apart = source.replace("= 1", "= 0").replace("return a", "return b")
    lines = "a = 1\nb = 2\nreturn a", "a = 0\nb = 2\nreturn b"
    assert difference(source, apart) == (2, *lines)


def test_without_cosmic_ray_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cosmic_ray.ast", None)
    done = CliRunner().invoke(main, ["author", "mutants", "--lesson", "1"])
    assert done.exit_code == 2
    assert 'pip install --editable ".[mutants]"' in done.output
