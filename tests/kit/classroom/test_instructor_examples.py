"""Every example of the instructor's pages works as it stands, and prints what the page says.

Each page is followed from top to bottom, in a folder that holds the files that it speaks of.
"""

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from chatkit.cli.main import main
from chatkit.course.lessons import find_course
from chatkit.system.sandbox.sandbox import what_is_missing

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
ECHO = find_course(ROOT).lesson("echo")
PAGES = [DOCS / "instructors.md", *sorted((DOCS / "instructors").glob("*.md"))]
# Their commands are not followed here, but each can be typed as it stands.
OTHER_PAGES = [
    ROOT / "README.md",
    *sorted(set(DOCS.glob("*.md")) - {DOCS / "commands.md", *PAGES}),
    *sorted(DOCS.glob("sheets/*.md")),
    *sorted(ROOT.glob("lessons/*/README.md")),
]
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(chatkit [^`]+)`")

# What cannot be run here, and what shows that it works.
ELSEWHERE = {
    r"pip (install|wheel) ": "it needs a package index; test_packaging.py installs the kit",
    r"gh classroom clone ": "it needs an account of GitHub",
    r"dask (scheduler|worker)": "test_cluster.py starts both",
    r"chatkit class grade .* --cluster ": "test_cluster.py grades on a cluster",
}
UNDER_SYSTEMD = (
    "systemd-run --user --scope -p Delegate=yes "  # needs a user's session; goes on after
)

MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed\r\n"
    "Participant 1001,Ada Lovelace,ada@example.org,Submitted for grading,,100.00,Yes\r\n"
    "Participant 1002,Bob Meyer,bob@example.org,Submitted for grading,,100.00,Yes\r\n"
    "Participant 1003,Cy Young,cy@example.org,No submission,,100.00,Yes\r\n"
)
CANVAS = (
    "Student,ID,SIS Login ID,Section,Echo (4711)\n"
    "    Points Possible,,,,10.0\n"
    '"Lovelace, Ada",2001,ada,S1,\n'
    '"Meyer, Bob",2002,bob,S1,\n'
)

needs_sandbox = pytest.mark.skipif(
    bool(what_is_missing()), reason="the pages show what the best isolation prints"
)


@dataclass(frozen=True)
class Block:
    """An example of a page."""

    language: str
    text: str
    said: str  # what the page shows as its output; empty where it shows none


def blocks(text: str) -> Iterator[Block]:
    """The examples of a page, each with the output that follows at once."""
    found = list(BLOCK.finditer(text))
    for one, after in zip(found, [*found[1:], None][: len(found)], strict=True):
        between = text[one.end() : after.start()] if after else "end"
        shows = after is not None and after[2] == "text" and not between.strip()
        inside, said = (re.sub(rf"^{one[1]}", "", m, flags=re.MULTILINE) for m in (
            one[3], after[3] if shows and after else "",
        ))  # fmt: skip
        yield Block(one[2], inside, said)


def commands(block: Block) -> list[str]:
    """The lines of a block without the comments behind them."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line for one in lines if (line := re.sub(r"\s+#.*", "", one).strip())]


def packed(file: Path, entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with all that the pages speak of."""
    right = {one: (ECHO.solutions / one).read_bytes() for one in ECHO.asked}
    accepts_once = ROOT / "tests/mistakes/01_echo/accepts_once/server.py"
    wrong = {**right, "server.py": accepts_once.read_bytes()}
    hands_in = {"alice": right, "bob": wrong, "carol": right}
    desk = tmp_path / "desk"
    desk.mkdir()
    packed(
        desk / "hand-ins.zip",
        {
            f"{student}/01_echo/{name}": content
            for student, programs in hands_in.items()
            for name, content in programs.items()
        },
    )
    for folder in ("hand-ins", "submissions"):
        shutil.unpack_archive(desk / "hand-ins.zip", desk / folder)
    (desk / "alice" / "01_echo").mkdir(parents=True)
    (desk / "alice" / "01_echo" / "server.py").write_bytes(wrong["server.py"])
    packed(
        desk / "moodle.zip",
        {
            f"{who}_assignsubmission_file_/{name}": content
            for who, programs in (("Ada Lovelace_1001", right), ("Bob Meyer_1002", wrong))
            for name, content in programs.items()
        },
    )
    packed(
        desk / "canvas.zip",
        {
            f"{who}_{number}_{name}": content
            for who, programs in (("lovelaceada_2001", right), ("meyerbob_2002", wrong))
            for number, (name, content) in enumerate(programs.items(), 3000)
        },
    )
    for worksheet in ("worksheet.csv", "moodle-worksheet.csv"):
        (desk / worksheet).write_text(MOODLE, encoding="utf-8", newline="")
    (desk / "gradebook.csv").write_text(CANVAS, encoding="utf-8", newline="")
    for user, programs in (("ada", right), ("bob", wrong)):
        clone = desk / "chat1-submissions" / f"chat1-{user}"
        (clone / ".git").mkdir(parents=True)
        (clone / "lessons" / "01_echo").mkdir(parents=True)
        for name, content in programs.items():
            (clone / "lessons" / "01_echo" / name).write_bytes(content)
    return desk


def run(command: str, desk: Path) -> str:
    """Run an example; returns what it printed."""
    words = shlex.split(command.removeprefix(UNDER_SYSTEMD))
    assert words[0] == "chatkit", command
    shows_a_mistake = "tests/mistakes/" in command  # these are in the clone, and get an ✗
    finished = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT if shows_a_mistake else desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert finished.returncode == shows_a_mistake, f"{command}\n{finished.stdout}"
    return finished.stdout


def plain(line: str) -> str:
    """A line without what is another in each run: who was graded first, and how wide a table is."""
    return re.sub(r"^\d+/\d+ ", "", " ".join(line.split()))


def follow(page: str, desk: Path) -> None:
    """Do all that a page tells the reader to do, in its order."""
    again = "chatkit class grade hand-ins.zip --out grades"
    for block in blocks(page):
        if block.language == "toml":
            (desk / "class.toml").write_text(block.text, encoding="utf-8")
            run(again, desk)
            shown = (desk / "grades" / "index.html").read_text(encoding="utf-8")
            assert ("is due" in shown) == ("[deadline]" in block.text)
            assert ("half-line" in shown) == ("half-line" in block.text)
            continue
        if block.language == "csv":
            name = "groups.csv" if block.text.startswith("group,") else "people.csv"
            (desk / name).write_text(block.text, encoding="utf-8")
            run(again, desk)
            assert (desk / "grades" / name).read_text(encoding="utf-8") == block.text
            shown = (desk / "grades" / "index.html").read_text(encoding="utf-8")
            assert "Alice Young" in shown
            continue
        if block.language != "sh":
            continue
        printed = ""
        for command in commands(block):
            if not any(re.match(pattern, command) for pattern in ELSEWHERE):
                printed += run(command, desk)
        seen = {plain(line) for line in printed.splitlines()}
        missing = [line for line in block.said.splitlines() if plain(line) not in seen | {"…"}]
        assert not missing, f"{block.text}does not say {missing}, but:\n{printed}"


def sections() -> list[Any]:
    """The pages; that about the platforms in its sections, each of which begins anew."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        parts = re.split(r"(?m)^(?=## )", text) if page.name == "platforms.md" else [text]
        for part in parts:
            if "```sh" in part:
                title = part.splitlines()[0].strip("# ")
                found.append(pytest.param(part, id=f"{page.stem}: {title}"))
    return found


@needs_sandbox
@pytest.mark.parametrize("page", sections())
def test_the_examples_of_a_page_work_and_print_what_it_says(page: str, desk: Path) -> None:
    if "class similar" in page:
        pytest.importorskip("copydetect")
    if "grades" in page and "class grade" not in page:
        run("chatkit class grade hand-ins.zip --out grades", desk)  # the page before has told it
    follow(page, desk)


WRONG = """
```sh
chatkit class handout --upto 1 --out week1.zip {}
```

```text
{}
```
"""


@pytest.mark.parametrize(
    ("option", "said"), [("--nonsense", "…"), ("", "week1.zip holds no files")]
)
def test_an_example_that_does_not_work_is_noticed(option: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        follow(WRONG.format(option, said), tmp_path)


def test_what_is_left_out_is_there_and_no_more() -> None:
    lines = [
        command
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.language == "sh"
        for command in commands(block)
    ]
    for pattern in ELSEWHERE:
        assert any(re.match(pattern, line) for line in lines), f"nothing is like {pattern}"
    assert {
        block.language for page in PAGES for block in blocks(page.read_text(encoding="utf-8"))
    } <= {
        *("csv", "sh", "text", "toml"),
    }


def test_the_table_of_wishes_leaves_nothing_out() -> None:
    """Every command of a class, and every option that can be given to it."""
    page = (DOCS / "instructors" / "grade.md").read_text(encoding="utf-8")
    table = page.partition("## From a wish to a command")[2].partition("\n## ")[0]
    context = click.Context(main)
    group = main.get_command(context, "class")
    assert isinstance(group, click.Group)
    missing = [
        f"{name} {option}"
        for name in group.list_commands(context)
        for one in getattr(group.get_command(context, name), "params", ())
        if isinstance(one, click.Option) and (option := one.opts[0]) != "--kit"
        if not any(f"class {name} " in row and option in row for row in table.splitlines())
        # What grade and report share is told once.
        if not any("class report " in row and option in row for row in table.splitlines())
    ]
    assert not missing


def spoken_of() -> list[str]:
    """The commands inside of sentences and tables, and those that are only tested elsewhere."""
    found = set()
    for page in [*PAGES, *OTHER_PAGES]:
        text = page.read_text(encoding="utf-8")
        found |= {" ".join(one.split()) for one in INLINE.findall(BLOCK.sub("", text))}
        for block in blocks(text):
            if block.language == "sh":
                found |= {one for one in commands(block) if one.startswith("chatkit ")}
    return sorted(found)


@pytest.mark.parametrize("command", spoken_of())
def test_every_command_that_a_page_speaks_of_can_be_typed(command: str) -> None:
    first = command.partition(" | ")[0].replace("ADDRESS", "127.0.0.1").replace("FOLDER", ".")
    words = shlex.split(first)[1:]
    if words[-1] in ("--help", "--version"):
        return  # click's own
    of: click.Command = main
    context = click.Context(of, info_name="chatkit")
    while isinstance(of, click.Group) and words:
        name, found, words = of.resolve_command(context, words)
        assert found, command
        of, context = found, click.Context(found, info_name=name, parent=context)
    with suppress(click.MissingParameter):  # the page only names the command
        if not isinstance(of, click.Group):
            of.make_context(of.name, words, parent=context.parent)
