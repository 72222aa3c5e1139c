"""The pages to look things up in: all commands, and what a check can do."""

import ast
import re
from pathlib import Path

import click
import pytest
from small_course import write_course

from chatkit.authoring.clone import Clone, open_clone
from chatkit.authoring.rules.views import views_are_fresh
from chatkit.authoring.site import api, places
from chatkit.authoring.site.commands import commands_pages
from chatkit.authoring.sync import sync
from chatkit.cli.main import main
from chatkit.course.errors import AuthoringError

ROOT = Path(__file__).parents[3]

GREET = """Greet a NAME_ in lesson.toml. It waits for no answer.

The greeting of --loud is louder.

\b
Examples:
  chatkit greet alice           quietly
  chatkit greet alice --loud

\b
chatkit raw 5500    by hand
chatkit raw 5501    these may follow:
  hel\\c            half a word

Exit status 0: greeted. 1: nobody
is there.
"""


def command_line(help_of_loud: str = "Shout it.") -> click.Group:
    """One command and one hidden command, a group with one more."""
    root, teach = click.Group("main", help="Be polite."), click.Group("class", help="Teach.")
    greet = click.Command(
        "greet",
        help=GREET,
        params=[
            click.Argument(["name"]),
            click.Argument(["rest"], metavar="[REST]...", nargs=-1),
            click.Option(["--loud"], is_flag=True, help=help_of_loud),
            click.Option(["--to"], type=click.Choice(["one", "all"]), help="Whom."),
            click.Option(["--times"], default=2, show_default=True, help="How often."),
            click.Option(["--out"], required=True, multiple=True, metavar="FILE", help="A | b."),
            click.Option(["--secret"], hidden=True),
        ],
    )
    root.add_command(teach)
    root.add_command(greet)
    root.add_command(click.Command("ghost", hidden=True))
    teach.add_command(click.Command("all", help="All of them?"))
    return root


def test_a_command_has_its_usage_its_options_and_its_examples() -> None:
    pages = commands_pages(command_line())
    assert list(pages) == ["commands.md", "commands/instructors.md"]
    assert (
        pages["commands.md"].partition("## chatkit greet\n")[2]
        == """
Greet a NAME\\_ in `lesson.toml`. It waits for no answer.

```text
chatkit greet [OPTIONS] NAME [REST]...
```

| you write | what it means |
|---|---|
| `NAME` | Needed. |
| `REST` | May be left out. |
| `--loud` | Shout it. |
| `--to one`<br>`--to all` | Whom. |
| `--times N` | How often. Default: `2`. |
| `--out FILE` | A \\| b. Needed. May be given several times. |

The greeting of `--loud` is louder.

```sh
chatkit greet alice  # quietly
chatkit greet alice --loud
```

```text
chatkit raw 5500    by hand
chatkit raw 5501    these may follow:
  hel\\c            half a word
```

Exit status:

- `0`: greeted.
- `1`: nobody is there.
"""
    )


def test_the_list_at_the_top_leads_to_every_command_and_to_no_hidden_one() -> None:
    pages = commands_pages(command_line())
    top = pages["commands.md"].partition("\n## ")[0]
    assert top.endswith(
        "\n- [`chatkit greet`](#chatkit-greet): Greet a NAME\\_ in `lesson.toml`.\n"
    )
    top = pages["commands/instructors.md"].partition("\n## ")[0]
    page = "".join(pages.values())
    assert top.endswith("\n- [`chatkit class all`](#chatkit-class-all): All of them?\n")
    assert "ghost" not in page and "secret" not in page


def test_the_pages_have_every_command_of_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = commands_pages(main)
    for name, page in {
        "check": "commands.md",
        "tap": "commands/tools.md",
        "completion": "commands/tools.md",
        "class grade": "commands/instructors.md",
        "class similar": "commands/instructors.md",
        "author steady": "commands/authors.md",
    }.items():
        assert f"\n## chatkit {name}\n" in pages[page]

    monkeypatch.setenv("COLUMNS", "30")  # where click would wrap the help of a terminal
    assert commands_pages(main) == pages


def test_a_changed_option_makes_the_page_stale(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course, command_line())
    assert list(views_are_fresh(open_clone(course, command_line()))) == []

    [problem] = views_are_fresh(open_clone(course, command_line("Whisper it.")))

    assert problem.text(tmp_path).startswith(
        "docs/commands.md: this view is stale\n    cure: chatkit author sync\n"
    )
    assert "+| `--loud` | Whisper it. |" in problem.detail


PEER = '''\
CAUSES = {"silent": "it waits *long*. "
          "Look at --port."}


class Peer(Exception):
    """One end.

    Of a connection
    in server.py.
    """

    name: str  # how it is called
    slow: bool = False
    text: str = ""

    def __init__(self) -> None: ...

    # ------------------------------------------ what it does

    def sends(self, *pieces: "Text", end: str = "") -> None:
        """Send `pieces`.

        Raises _nothing_.
        """

    def _secret(self): ...

    @contextlib.contextmanager
    def pauses(self) -> Iterator[None]:
        """Wait."""

    # ------------------------------------- what it expects

    @property
    def heard(self) -> list[str]:
        """What came."""
'''


GREETS = '''\
def greets(room: "Room", name: str) -> None:
    """Greets the newcomer
    in one or two lines.

    Raises nothing.
    """


def _secretly(room): ...
'''


def page(tmp_path: Path, marker: str) -> str:
    """What stands on a page with one place in it. What stood there before is gone."""
    (tmp_path / "peer.py").write_text(PEER, encoding="utf-8")
    text = f"# Title\n\n<!-- api: peer.py {marker} -->\nold\n\n<!-- end -->\n\nText.\n"
    made = places.filled(text, Clone(write_course(tmp_path)), tmp_path / "docs/bench.md")
    assert made.startswith("# Title\n\n<!-- api: ") and made.endswith("\n\n<!-- end -->\n\nText.\n")
    return made.partition(" -->\n\n")[2].removesuffix("\n\n<!-- end -->\n\nText.\n")


def test_every_function_of_a_file_is_told_in_a_line() -> None:
    [made] = api.functions_told(PEER + GREETS)
    assert made == "- `greets(room, name)`: Greets the newcomer in one or two lines."


def test_one_part_of_a_class_is_told_without_what_is_private(tmp_path: Path) -> None:
    assert (
        page(tmp_path, "Peer: what it does")
        == r"""
#### sends { #Peer-sends }

```python
sends(*pieces: Text, end: str = "")
```

Send `pieces`.

Raises \_nothing\_.

#### pauses { #Peer-pauses }

```python
with pauses()
```

Wait.
""".strip()
    )


def test_a_whole_class_is_told_with_its_fields(tmp_path: Path) -> None:
    told = page(tmp_path, "Peer")
    assert told.startswith("""\
#### Peer { #Peer }

One end.

Of a connection in `server.py`.

- `name: str`: how it is called
- `slow: bool = False`
- `text: str = ""`

#### sends""")
    assert told.endswith("```python\nheard: list[str]\n```\n\nWhat came.")


def test_a_dictionary_and_code_are_told(tmp_path: Path) -> None:
    assert page(tmp_path, "CAUSES") == r"- `silent`: it waits \*long\*. Look at `--port`."
    assert page(tmp_path, "Peer as code") == f"```python\n{PEER.partition(chr(10) * 3)[2]}```"


def test_a_place_can_be_filled_again(tmp_path: Path) -> None:
    first = page(tmp_path, "Peer")
    text = f"<!-- api: peer.py Peer -->\n\n{first}\n\n<!-- end -->"
    assert places.filled(text, Clone(write_course(tmp_path)), tmp_path / "docs/bench.md") == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<!-- api: pear.py Peer -->\n<!-- end -->", "there is no file pear.py"),
        ("<!-- api: peer.py Pear -->\n<!-- end -->", "peer.py has no Pear"),
        (
            "<!-- api: peer.py Peer: what -->\n<!-- end -->",
            "Peer has no part 'what'; it has: what it does, what it expects",
        ),
        ("<!-- api: peer.py Peer -->\nText.", "this place has no end"),
    ],
)
def test_a_place_that_cannot_be_filled_is_a_problem(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "peer.py").write_text(PEER, encoding="utf-8")
    with pytest.raises(AuthoringError) as caught:
        places.filled(text, Clone(write_course(tmp_path)), tmp_path / "docs/bench.md")
    assert (caught.value.problem.what, caught.value.problem.line) == (what, 1)


def test_a_changed_docstring_makes_the_page_stale(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    source, bench = tmp_path / "peer.py", tmp_path / "docs/bench.md"
    source.write_text(PEER, encoding="utf-8")
    bench.write_text("<!-- api: peer.py Peer -->\n<!-- end -->\n", encoding="utf-8")
    sync(course)
    assert list(views_are_fresh(open_clone(course))) == []

    source.write_text(PEER.replace("What came.", "What has come."), encoding="utf-8")

    [problem] = views_are_fresh(open_clone(course))
    assert problem.text(tmp_path).startswith("docs/bench.md: this view is stale\n")
    assert "+What has come." in problem.detail


def test_the_page_has_every_method_that_a_check_uses() -> None:
    pages = [ROOT / "docs/bench.md", *(ROOT / "docs/bench").glob("*.md")]
    told = "".join(page.read_text(encoding="utf-8") for page in pages)
    checks = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "tests/lessons").glob("*.py")
    )
    missing = {
        name
        for file, owner in (
            ("bench", "Bench"),
            ("setup/base", "BenchBase"),
            ("setup/starting", "Starting"),
            ("setup/connecting", "Connecting"),
            ("eventloop", "EventLoop"),
            ("peer", "Peer"),
        )
        for name in methods(ROOT / f"chatkit/bench/{file}.py", owner)
        if re.search(rf"\.{name}\(", checks)
        and not re.search(rf"#### {name} {{ #\w+-{name} }}", told)
    }
    assert missing == set()


def methods(file: Path, owner: str) -> list[str]:
    """The public methods of a class."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    [found] = [one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == owner]
    names = [one.name for one in found.body if isinstance(one, ast.FunctionDef)]
    return [name for name in names if not name.startswith("_")]
