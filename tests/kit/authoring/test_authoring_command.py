"""`chatkit author` from the outside: what it prints, and its exit status."""

import sys
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner, Result
from small_course import replace, write_course

from chatkit.authoring.rules import rules
from chatkit.cli.author import checking as command
from chatkit.cli.main import main


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["author", *words], catch_exceptions=False)


def test_sync_says_what_it_wrote(root: Path) -> None:
    result = run("sync")
    assert result.exit_code == 0
    assert "wrote solutions/02_two/server.py\n" in result.stdout

    again = run("sync")
    assert (again.exit_code, again.stdout) == (0, "nothing to write: every view is fresh\n")


def test_sync_says_what_it_kept_and_how_it_comes_back(root: Path) -> None:
    run("sync")
    starter = root / "lessons/02_two/server.py"
    replace(starter, "raise NotImplementedError", "return str")
    mine = starter.read_bytes()

    result = run("sync")

    assert result.stdout.splitlines() == [
        "wrote lessons/02_two/server.py",
        "kept what was typed into server.py: lessons/02_two/backups/001",
        "  chatkit reset 2 --restore 1",
    ]
    CliRunner().invoke(main, ["reset", "2", "--restore", "1"], catch_exceptions=False)
    assert starter.read_bytes() == mine


def test_sync_works_from_a_folder_further_down(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "lessons/01_one")
    assert "wrote lessons/01_one/server.py\n" in run("sync").stdout


def test_check_is_quiet_when_all_is_well(root: Path) -> None:
    run("sync")
    result = run("check", "--own", "--quick")
    assert (result.exit_code, result.stdout) == (0, "all is well with 2 lessons\n")


def test_check_ends_with_status_1_and_names_the_cure(root: Path) -> None:
    run("sync")
    replace(root / "chatkit/reference/two/server.py", 'print(part("you"))', 'print(part("me"))')
    result = run("check", "--own", "--quick")
    assert result.exit_code == 1
    assert "solutions/02_two/server.py: this view is stale\n    cure: chatkit author sync\n" in (
        result.stdout
    )
    assert result.stdout.endswith("3 problems\n")  # the starter and the page of changes as well


def test_check_says_one_thing_once(root: Path) -> None:
    run("sync")
    replace(root / "chatkit/reference/two/server.py", "    # endregion\n", "")
    result = run("check", "--own", "--quick")
    assert result.exit_code == 1
    assert result.stdout.count("never closed") == 1
    assert result.stdout.endswith("\n1 problem\n")


def test_check_runs_the_programs_unless_it_must_be_quick(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("sync")
    ran: list[str] = []
    monkeypatch.setattr(rules, "TRIALS", (lambda clone, lesson: ran.append(lesson.name) or [],))

    assert run("check", "--own", "--quick").exit_code == 0
    assert ran == []
    assert run("check", "--own").exit_code == 0
    assert ran == ["01_one", "02_two"]


def test_sync_names_a_source_that_it_cannot_use(root: Path) -> None:
    replace(root / "chatkit/reference/one/server.py", "    # endregion\n", "")
    result = run("sync")
    assert result.exit_code == 1
    assert result.stderr == (
        "chatkit/reference/one/server.py:6: the region is never closed\n"
        "    cure: write # endregion below its last line\n"
    )


@pytest.mark.parametrize("name", ["sync", "check"])
def test_a_handout_is_wrong_use(root: Path, name: str) -> None:
    (root / "chatkit/reference").rename(root / "gone")
    result = run(name)
    assert result.exit_code == 2
    assert "not in a hand-out" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unknown_word_is_wrong_use(root: Path) -> None:
    assert run("snyc").exit_code == 2


@pytest.mark.parametrize("words", [(), ("sync",), ("check",), ("picture",), ("explain",)])
def test_help_teaches_with_an_example(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "  chatkit author" in result.stdout


def test_a_slow_rule_says_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Event()
    real = command.click.echo

    def echo(text: str, err: bool = False) -> None:
        real(text, err=err)
        said.set()

    monkeypatch.setattr(command, "SLOW", 0.001)
    monkeypatch.setattr(command.click, "echo", echo)
    with command.name_if_slow("every solution scores 100"):
        assert said.wait(10)
    assert capsys.readouterr().err == "… every solution scores 100\n"


def test_a_quick_rule_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    with command.name_if_slow("every solution scores 100"):
        pass
    assert capsys.readouterr().err == ""
