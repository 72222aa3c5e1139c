"""What a release carries, and what no file of the project may hold.

The wheel is built once, from the source archive, without the network: about 3 seconds.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import chatkit

ROOT = Path(__file__).parents[2]
INSIDE = "chatkit/_course"  # where the wheel carries the course
SCHEMA = "chatkit/grading/verdict.schema.json"

# Written in parts, so that this file may be searched too.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org"]
ADDRESS_OPTIONS = ["index" + "-url", "find" + "-links"]
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.~$}])/(?:root|home|Users|work)/\w|\b[A-Z]:\\+Users\\")


def project_files() -> list[Path]:
    """Every file that belongs to the project: what git knows, or would take."""
    if not (ROOT / ".git").exists():  # a downloaded archive
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        passing = re.compile(
            r"\.venv|venv|site$|build$|dist$|backups$|\.views\.json$|\.\w+_cache|\.hypothesis|__pycache__"
        )
        return [path for path in found if not any(map(passing.match, path.parts))]
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    paths = [Path(name) for name in names.decode().split("\0") if name]
    return [path for path in paths if (ROOT / path).exists()]


def project_texts() -> list[tuple[Path, str]]:
    texts = []
    for path in project_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            texts.append((path, content.decode(errors="replace")))
    return texts


def shell_blocks(language: str = "sh") -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def locked() -> dict[str, list[str]]:
    """Package -> the exact versions in requirements.lock. Two where Python versions differ."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==([^ ]+) ", text, re.MULTILINE):
        versions.setdefault(name, []).append(version)
    return versions


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("release")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(release: Path) -> Path:
    [path] = release.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked where no clone is near."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def run_installed(installed: Path, away: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the unpacked wheel in the folder `away`."""
    environment = os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, *words]
    return subprocess.run(
        command,
        cwd=away,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("room", ["docs/contract.md", "lessons", "solutions", "tests/lessons"])
def test_the_wheel_carries_the_course(wheel: Path, room: str) -> None:
    expected = {f"{INSIDE}/{path.as_posix()}" for path in project_files() if in_room(path, room)}
    assert expected
    assert expected <= names_in(wheel)


def in_room(path: Path, room: str) -> bool:
    return path.as_posix() == room or path.as_posix().startswith(f"{room}/")


def test_the_wheel_carries_the_package_and_nothing_else(wheel: Path) -> None:
    package = {path.as_posix() for path in project_files() if in_room(path, "chatkit")}
    names = names_in(wheel)
    assert package <= names
    others = {
        name
        for name in names
        if not re.match(r"chatkit/|chatkit_classroom-[\d.]+\.dist-info/", name)
    }
    assert not others


def test_the_wheel_carries_the_schema_of_verdicts(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        schema = json.loads(archive.read(SCHEMA))
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_nothing_in_the_wheel_names_a_folder_of_somebodys_machine(installed: Path) -> None:
    for path in installed.rglob("*"):
        if path.is_file():
            content = path.read_text(encoding="utf-8", errors="replace")
            assert not SOMEBODYS_FOLDER.search(content), path


def test_an_installed_kit_finds_the_course_that_it_carries(installed: Path, tmp_path: Path) -> None:
    code = "from chatkit.course.lessons import find_course; print(find_course().root)"
    done = run_installed(installed, tmp_path, "-c", code)
    assert done.stdout.strip() == str((installed / INSIDE).resolve()), done.stderr


def test_an_installed_kit_checks_a_solution_away_from_any_clone(
    installed: Path, tmp_path: Path
) -> None:
    words = ["-m", "chatkit", "check", "1", "--solutions", "--only", "ready-line"]
    done = run_installed(installed, tmp_path, *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_installed_kit_gives_out_its_licence(installed: Path, tmp_path: Path) -> None:
    words = ["-m", "chatkit", "class", "handout", "--upto", "1", "--out", str(tmp_path / "a.zip")]
    done = run_installed(installed, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_the_source_archive_carries_what_a_release_is_made_and_tested_from(release: Path) -> None:
    [path] = release.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {path.as_posix() for path in project_files()} - {".editorconfig", ".gitattributes"}
    assert wanted <= names


def test_the_version_is_the_same_everywhere(release: Path, installed: Path) -> None:
    version = chatkit.__version__
    assert str(Version(version)) == version
    assert (release / f"chatkit_classroom-{version}.tar.gz").is_file()
    assert (release / f"chatkit_classroom-{version}-py3-none-any.whl").is_file()
    file = installed / f"chatkit_classroom-{version}.dist-info/METADATA"
    metadata = file.read_text(encoding="utf-8")
    assert f"\nName: chatkit-classroom\nVersion: {version}\n" in metadata


def test_the_first_command_of_the_readme_installs_and_checks_the_solutions() -> None:
    steps = [line.strip(" &") for line in shell_blocks()[0].splitlines()]
    assert steps == [
        "python3 -m venv .venv",
        ".venv/bin/pip install --editable .",
        ".venv/bin/chatkit check --solutions",
    ]


def test_the_second_command_of_the_readme_runs_the_whole_suite() -> None:
    steps = [line.strip(" &") for line in shell_blocks()[1].splitlines()]
    assert steps == [
        ".venv/bin/pip install --require-hashes --requirement requirements.lock",
        ".venv/bin/pytest -n 6 --dist worksteal",
    ]


def test_the_readme_has_the_same_commands_for_powershell() -> None:
    def tools(block: str) -> list[str]:
        plain = block.replace("\\", "/").replace("Scripts", "bin").replace(" &&", "")
        plain = plain.replace("bin/python -m pip", "bin/pip").replace("py -3", "python3")
        return [line.strip() for line in plain.splitlines()]

    for ours, theirs in zip(shell_blocks()[:2], shell_blocks("powershell")[:2], strict=True):
        assert tools(ours) == tools(theirs)


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "block=$(shell_block 1)\nbash -e" in script
    assert "block=$(shell_block 2)\nrun_tests bash -e" in script


def test_every_file_that_the_readme_points_at_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]


def test_the_lock_file_covers_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    del extras["mutants"]  # for one command of authors, which neither users nor CI run
    for requirement in map(Requirement, chain(project["dependencies"], *extras.values())):
        versions = locked().get(requirement.name, [])
        assert versions, f"{requirement.name} is not in requirements.lock"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_every_line_of_the_lock_file_has_an_exact_version_and_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", "").splitlines()
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry


def test_no_file_names_a_package_registry_or_a_folder_of_somebodys_machine() -> None:
    bad = []
    for path, text in project_texts():
        bad += [f"{path}: {word}" for word in REGISTRIES + ADDRESS_OPTIONS if word in text]
        bad += [f"{path}: {mark[0]}" for mark in SOMEBODYS_FOLDER.finditer(text)]
    assert not bad


INSTALLS = re.compile(
    r"\b(?:pip3?|uv|pipx|poetry|pdm|conda|uvx)[\"']?,? [^\n]*?"
    r"\b(?:install|add|wheel|download|run|tool)\b[\"']?,? (?P<what>[^\n]*)|\buvx (?P<run>[^\n]*)"
)
NAME = re.compile(r"(?<![\w./@-])chatkit(?:[_-]classroom)?(?=\[|[=<>~!]=|\W*(?:$|\s|`|\"|'))")


def from_the_index(text: str) -> list[str]:
    """The commands of a text that let pip look for the kit on the package index."""
    found = []
    for command in INSTALLS.finditer(text):
        what = command["what"] or command["run"]
        if "--no-index" not in command[0] and NAME.search(what.partition("`")[0]):
            found.append(command[0])
    return found


def test_nobody_is_told_to_install_the_kit_from_the_index() -> None:
    """There "chatkit" is somebody else's, and our own name is not there yet."""
    for wrong in (
        *(
            "pip install chatkit",
            'pip install "chatkit[cluster]"',
            "pip3 install -U chatkit==0.1.0",
        ),
        *("uv tool install chatkit", "pipx run chatkit", "uvx chatkit check 1", "uv add chatkit"),
        *("`pip install chatkit-classroom`", ".venv/bin/pip install chatkit-classroom[site]"),
    ):
        assert from_the_index(wrong), wrong
    for right in (
        *("pip install --editable .", 'pip install ".[cluster]"', "pip install ./chatkit"),
        *("pip install --no-index -f wheels chatkit-classroom", "uv run chatkit-demo"),
        *("`pip install .` and `chatkit check 1`", "pip install git+https://example.org/chatkit"),
    ):
        assert not from_the_index(right), right

    mine = Path("tests/kit/test_packaging.py")
    bad = [(path, line) for path, text in project_texts() for line in from_the_index(text)]
    assert not [one for one in bad if one[0] != mine]
    requirement = re.compile(r"\bchatkit(?:\[\w+\]|[=~<>]=\d)")
    tests = (mine, Path("tests/kit/cli/test_package_command.py"))
    texts = [(path, text) for path, text in project_texts() if path not in tests]
    assert not [(path, found[0]) for path, text in texts for found in requirement.finditer(text)]


def test_the_command_and_the_import_keep_their_name() -> None:
    for file in ("pyproject.toml", "chatkit/classroom/exports/handout_files/pyproject.toml"):
        project = tomllib.loads((ROOT / file).read_text(encoding="utf-8"))["project"]
        assert project["name"] == "chatkit-classroom"
        assert project["scripts"] == {"chatkit": "chatkit.cli.main:main"}


def test_every_text_file_ends_its_lines_the_same_way() -> None:
    foreign = ("tests/alternatives/", "tests/mistakes/")  # as students hand them in
    names = [path.as_posix() for path, text in project_texts() if "\r\n" in text]
    assert not [name for name in names if not name.startswith(foreign)]


def test_no_text_holds_a_character_that_nobody_sees() -> None:
    """A backspace or an escape, typed or pasted by mistake; in code they are written \\b, \\x1b."""
    foreign = ("tests/alternatives/", "tests/mistakes/")  # as students hand them in
    unseen = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
    names = [path.as_posix() for path, text in project_texts() if unseen.search(text)]
    assert not [name for name in names if not name.startswith(foreign)]


def test_there_are_no_symbolic_links() -> None:
    assert not [path for path in project_files() if (ROOT / path).is_symlink()]
