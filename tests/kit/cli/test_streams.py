"""Commands whose output goes nowhere: one line, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.course.lessons import find_course
from chatkit.student.running import before

ROOT = Path(__file__).parents[3]
COMMANDS = [
    [],
    ["check", "1", "--solutions", "--only", "ready-line"],
    ["check", "1", "--solutions", "--only", "ready-line", "--json"],
    ["hint", "1"],
    ["pack", "1"],
    ["solution", "1", "--yes"],
    ["doctor"],
    ["--help"],
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's own."""
    made = tmp_path_factory.mktemp("streams") / "mine"
    init = [sys.executable, "-m", "chatkit", "init", str(made)]
    subprocess.run(init, cwd=ROOT, check=True, capture_output=True, timeout=60)
    return made


def in_a_shell(
    folder: Path, arguments: list[str], streams: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'"$@" {streams}', "sh", sys.executable, "-m", "chatkit", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device, full(4)")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_device_is_one_line(folder: Path, arguments: list[str]) -> None:
    done = in_a_shell(folder, arguments, ">/dev/full")
    assert done.stderr.splitlines()[-1:] == [
        "chatkit: the output cannot be written: No space left on device"
    ]
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("streams", [">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_closed_streams_change_nothing_else(
    folder: Path, arguments: list[str], streams: str
) -> None:
    as_always = in_a_shell(folder, arguments, "")
    done = in_a_shell(folder, arguments, streams)
    assert done.returncode == as_always.returncode
    assert "Traceback" not in done.stderr and done.stdout == ""


def test_a_program_that_is_run_with_a_closed_output_does_not_print_into_another_file(
    folder: Path,
) -> None:
    done = in_a_shell(folder, ["run", "1", "server", "--", "--help"], ">&-")
    assert done.returncode == 0
    assert "--port" not in done.stderr


@pytest.mark.parametrize("command", ["check", "check 1", "pack", "pack 1", "hint", "watch"])
def test_without_lessons_beside_it_the_kit_grades_nothing_of_its_own(
    tmp_path: Path, command: str
) -> None:
    """As an installed wheel, which carries the lessons in itself."""
    code = "import sys, chatkit.course.places as course; from pathlib import Path\n"
    code += f"course.INSTALLED = Path({str(ROOT)!r})\n"
    code += "from chatkit.cli.main import main; main(prog_name='chatkit')"
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stdout
    assert "chatkit init my-chat" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "192.168.1.20"], "It looks for a server at 192.168.1.20, port 5501."),
        (["--host=pc17", "--port", "6000"], "It looks for a server at pc17, port 6000."),
        (["--host", "127.0.0.1"], "chatkit run 4 server"),
        (["--host", "localhost", "--port", "6000"], "chatkit run 4 server -- --port 6000"),
        (["--name", "alice"], "chatkit run 4 server"),
    ],
)
def test_who_asks_for_another_machine_is_not_told_to_start_a_server_here(
    arguments: list[str], told: str
) -> None:
    said = before(find_course(ROOT).lesson("4"), "client.py", arguments)
    assert told in said
    assert ("chatkit run 4 server" in said) == ("chatkit run 4 server" in told)
