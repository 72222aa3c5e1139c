"""`chatkit class package`: an autograder that Gradescope runs, a workflow that GitHub runs."""

import base64
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chatkit.classroom.exports.package import PackageError, github_workflow, gradescope_zip
from chatkit.course.lessons import find_course

yaml = pytest.importorskip("yaml", reason="it comes with mkdocs")

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")
ADDRESS = "git+https://example.org/chatkit.git"
WORKFLOW = ".github/workflows/classroom.yml"


@pytest.fixture(scope="session")
def package(chatkit: Callable) -> Callable:
    """`chatkit class package` in a process of its own."""
    return partial(chatkit, "class", "package")


# Gradescope


@pytest.fixture(scope="module")
def autograder(package: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/autograder as Gradescope makes it, for lesson 1; with nothing handed in yet."""
    folder = tmp_path_factory.mktemp("autograder")
    done = package("gradescope", "--lesson", "1", "--out", folder / "a.zip")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(folder / "a.zip") as archive:
        archive.extractall(folder / "source")
    return folder


def grade(autograder: Path, submission: Path, **settings: str) -> tuple[dict[str, Any], str]:
    """Run `run_autograder` on a submission. Returns results.json and what was printed."""
    for name in ("submission", "results"):
        shutil.rmtree(autograder / name, ignore_errors=True)
    shutil.copytree(submission, autograder / "submission")
    environment = {
        **os.environ,
        "AUTOGRADER": str(autograder),
        "CHATKIT_PYTHON": sys.executable,
        "PYTHONPATH": str(autograder / "source/kit"),
        **settings,
    }
    done = subprocess.run(
        ["bash", autograder / "source/run_autograder"],
        cwd=autograder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    result = json.loads((autograder / "results/results.json").read_text(encoding="utf-8"))
    assert [path.name for path in (autograder / "results").iterdir()] == ["results.json"]
    assert "Traceback" not in json.dumps(result)
    return result, done.stdout


def test_the_autograder_holds_two_scripts_and_a_kit_without_solutions(autograder: Path) -> None:
    with zipfile.ZipFile(autograder / "a.zip") as archive:
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}
        contents = {archive.read(name) for name in modes}
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert modes["kit/pyproject.toml"] == 0o644
    assert {name.split("/")[0] for name in modes} == {"setup.sh", "run_autograder", "kit"}
    assert "kit/lessons/01_echo/lesson.toml" in modes
    assert "kit/tests/lessons/test_01_echo.py" in modes
    assert not any(name.startswith("kit/lessons/02") for name in modes)
    for program in ECHO.asked:
        assert (ECHO.solutions / program).read_bytes() not in contents


def test_a_right_program_gets_all_points(autograder: Path, tmp_path: Path) -> None:
    shutil.copytree(ECHO.solutions, tmp_path / "work")

    result, printed = grade(autograder, tmp_path / "work")

    assert result["score"] == 100, result
    assert len(result["tests"]) == len(ECHO.checks())
    assert "isolation: " in printed


def test_an_unfinished_program_gets_its_feedback(autograder: Path) -> None:
    result, _ = grade(autograder, ECHO.folder)

    assert result["score"] == 0
    assert "TODO 1" in result["tests"][0]["output"]


@pytest.mark.parametrize("name", ["essay.txt", "packed.zip"])
def test_a_hand_in_that_cannot_be_graded_says_why(
    autograder: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / name).write_text("Dear teacher", encoding="utf-8")

    result, _ = grade(autograder, tmp_path / "work")

    assert result["score"] == 0 and result["tests"] == []
    assert result["output"].startswith("Your hand-in could not be graded: ")
    assert result["output"].endswith("Mend it and hand in again.")


@pytest.mark.parametrize("broken", ["no python", "no kit", "kit fails"])
def test_a_grader_that_fails_says_that_it_is_not_the_students_fault(
    autograder: Path, tmp_path: Path, broken: str
) -> None:
    settings = {}
    if broken == "no python":
        settings["CHATKIT_PYTHON"] = str(tmp_path / "python")
    elif broken == "no kit":
        settings["PYTHONPATH"] = str(tmp_path)
        settings["CHATKIT_PYTHON"] = str(tmp_path / "isolated")
        script = f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n'
        (tmp_path / "isolated").write_text(script, encoding="utf-8")
        (tmp_path / "isolated").chmod(0o755)
    else:
        settings["PYTHONPATH"] = str(tmp_path / "kit")
        shutil.copytree(autograder / "source/kit", tmp_path / "kit")
        checks = tmp_path / "kit/tests/lessons/test_01_echo.py"
        checks.write_text("raise RuntimeError('worn out')\n", encoding="utf-8")

    result, printed = grade(autograder, ECHO.solutions, **settings)

    assert result["score"] == 0
    assert "not the fault of your program" in result["output"]
    assert "worn out" in printed or broken != "kit fails"  # for the instructor


def test_setup_installs_into_the_venv_that_run_autograder_uses(
    package: Callable, autograder: Path, tmp_path: Path
) -> None:
    """With stand-ins for apt-get and Python that write down how they are called."""
    log = tmp_path / "log"
    tools = {
        "apt-get": f'echo "apt-get $*" >> "{log}"',
        "python3": f'echo "python3 $1 $2" >> "{log}"\n[ "$1" = -c ] && exit 0\n'
        'mkdir -p "$3/bin"; cp "$0" "$3/bin/python"\n'
        f'printf \'#!/bin/sh\\necho "${{0##*/}} $*" >> "{log}"\\n\' > "$3/bin/pip"\n'
        'cp "$3/bin/pip" "$3/bin/chatkit"; chmod +x "$3/bin/"*',
    }
    for name, body in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    source = tmp_path / "source"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", autograder / "source/setup.sh"],
        env={**os.environ, "PATH": path, "CHATKIT_SOURCE": str(source)},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 0, done.stderr
    called = log.read_text(encoding="utf-8")
    assert all(
        package in called for package in ("python3-venv", "python3-tk", "xvfb", "bubblewrap")
    )
    assert f"pip install {source}/kit\n" in called
    assert (source / "venv/bin/python").exists()
    run = (autograder / "source/run_autograder").read_text(encoding="utf-8")
    assert "source/venv/bin/python" in run and "lessons=(--lesson 1)" in run


def test_the_same_kit_gives_the_same_autograder(tmp_path: Path) -> None:
    for name in ("1.zip", "2.zip"):
        gradescope_zip(COURSE, [ECHO], tmp_path / name)

    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


# GitHub Classroom


def workflow(folder: Path) -> dict[str, Any]:
    text = (folder / WORKFLOW).read_text(encoding="utf-8")
    facts = yaml.safe_load(text)
    assert isinstance(facts, dict)
    return facts


def test_the_workflow_has_the_names_that_classroom_looks_for(
    package: Callable, tmp_path: Path
) -> None:
    done = package("github", "--out", tmp_path, "--kit", ADDRESS)

    assert done.returncode == 0, done.stderr
    facts = workflow(tmp_path)
    assert facts["name"] == "Autograding Tests" and "push" in facts["on"]
    (job,) = facts["jobs"].items()
    assert job[0] == "run-autograding-tests"
    assert job[1]["env"] == {"KIT": ADDRESS, "LESSONS": ""}
    grading, reporter = job[1]["steps"][-2:]
    assert reporter["uses"] == "classroom-resources/autograding-grading-reporter@v1"
    runner = reporter["with"]["runners"]
    assert runner == grading["id"]
    wanted = f"${{{{ steps.{runner}.outputs.result }}}}"
    assert reporter["env"] == {f"{runner.upper()}_RESULTS": wanted}


@pytest.mark.parametrize(
    "kit",
    [
        *("chatkit-classroom @ git+https://example.org/a.git", 'a"b: #c', "$HOME", "./kit"),
        *("https://example.org/a.whl", "git+ssh://git@example.org/a.git@v1#subdirectory=kit"),
    ],
)
def test_the_kit_comes_from_where_it_is_told_to(tmp_path: Path, kit: str) -> None:
    github_workflow([ECHO, COURSE.lesson("3")], kit, tmp_path)

    env = workflow(tmp_path)["jobs"]["run-autograding-tests"]["env"]
    assert env == {"KIT": kit, "LESSONS": "--lesson 1 --lesson 3"}


def test_the_grading_step_hands_on_what_the_reporter_reads(tmp_path: Path) -> None:
    """The step as it stands, with this kit in the place of the installed one."""
    github_workflow([ECHO], ADDRESS, tmp_path / "repository")
    job = workflow(tmp_path / "repository")["jobs"]["run-autograding-tests"]
    step = job["steps"][-2]
    shutil.copytree(ECHO.solutions, tmp_path / "repository/lessons/01_echo")
    command = tmp_path / "kit/bin/chatkit"
    command.parent.mkdir(parents=True)
    script = f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m chatkit "$@"\n'
    command.write_text(script, encoding="utf-8")
    command.chmod(0o755)

    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=tmp_path,
        env={
            **os.environ,
            **job["env"],
            "GITHUB_WORKSPACE": str(tmp_path / "repository"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    (line,) = (tmp_path / "output").read_text(encoding="utf-8").splitlines()
    result = json.loads(base64.b64decode(line.removeprefix("result="), validate=True))
    assert (result["version"], result["status"], result["max_score"]) == (1, "pass", 100)


# What goes wrong


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["gradescope", "--out", "notes.zip"],
            "notes.zip is there already and is not an autograder",
        ),
        (["gradescope", "--out", "folder.zip"], "folder.zip is there already"),
        (["gradescope", "--out", "autograder"], "must end in .zip"),
        (["gradescope", "--out", "a.zip", "--lesson", "9"], "there is no lesson '9'"),
        (["gradescope", "--out", "a.zip", "--kit", ADDRESS], "--kit is for github"),
        (["github", "--out", "notes.zip", "--kit", ADDRESS], "notes.zip is not a folder"),
        (["github", "--out", "theirs", "--kit", ADDRESS], "is there already and is not ours"),
        (["github", "--out", "new"], "github needs --kit, the address"),
        (["github", "--out", "new", "--kit", "chatkit @ git+https://e.org/a"], "not as chatkit"),
        *(
            (["github", "--out", "new", "--kit", name], "the kit is not on the package index")
            for name in (
                *(
                    "chatkit",
                    "chatkit==0.1.0",
                    "chatkit[cluster]",
                    "ChatKit >= 0.1",
                    "chatkit~=0.1",
                ),
                *(
                    "chatkit-classroom",
                    "chatkit_classroom[site] (>0)",
                    "chatkit; python_version>'3'",
                ),
            )
        ),
        (
            ["github", "--out", "new", "--kit", "${{ secrets.X }}"],
            "--kit takes what pip can install",
        ),
        (["github", "--out", "new", "--kit", "--user"], "--kit takes what pip can install"),
        (["moodle", "--out", "a.zip"], "'moodle' is not one of"),
    ],
)
def test_wrong_use_is_told_and_nothing_is_written(
    package: Callable, tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "notes.zip").write_text("my notes", encoding="utf-8")
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "theirs" / WORKFLOW).parent.mkdir(parents=True)
    (tmp_path / "theirs" / WORKFLOW).write_text("name: Autograding Tests\n", encoding="utf-8")
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    out = words.index("--out") + 1

    done = package(*words[:out], tmp_path / words[out], *words[out + 1 :])

    assert done.returncode == 2
    assert told in done.stderr and "Traceback" not in done.stderr
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


def test_what_we_made_before_is_replaced(tmp_path: Path) -> None:
    for lesson in COURSE.lessons[:2]:
        gradescope_zip(COURSE, [lesson], tmp_path / "a.zip")
        github_workflow([lesson], ADDRESS, tmp_path)

    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert b"lessons=(--lesson 2)" in archive.read("run_autograder")
    assert '"--lesson 2"' in (tmp_path / WORKFLOW).read_text(encoding="utf-8")
    with pytest.raises(PackageError):
        gradescope_zip(COURSE, [], tmp_path / WORKFLOW)


def test_help_teaches_with_examples(package: Callable) -> None:
    done = package("--help")

    assert done.returncode == 0
    assert "chatkit class package gradescope --out autograder.zip --lesson 1" in done.stdout
