"""The pages to look things up in: all commands, and what a check can do."""

from pathlib import Path

import click
import pytest
from test_authoring_course import write_course

from chatkit.authoring.clone import open_clone
from chatkit.authoring.commands import commands_page
from chatkit.authoring.rules_views import views_are_fresh
from chatkit.authoring.sync import sync
from chatkit.cli.main import main

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
    page = commands_page(command_line())
    assert (
        page.partition("### chatkit greet\n")[2].partition("## For instructors")[0]
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
    page = commands_page(command_line())
    top = page.partition("\n## ")[0]
    assert "- [`chatkit greet`](#chatkit-greet): Greet a NAME\\_ in `lesson.toml`.\n" in top
    assert top.endswith(
        "**For instructors**\n\n- [`chatkit class all`](#chatkit-class-all): All of them?\n"
    )
    assert "ghost" not in page and "secret" not in page


def test_the_page_has_every_command_of_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    page = commands_page(main)
    for name in ("check", "tap", "class grade", "class similar", "author steady", "completion"):
        assert f"\n### chatkit {name}\n" in page

    monkeypatch.setenv("COLUMNS", "30")  # where click would wrap the help of a terminal
    assert commands_page(main) == page


def test_a_changed_option_makes_the_page_stale(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course, command_line())
    assert list(views_are_fresh(open_clone(course, command_line()))) == []

    [problem] = views_are_fresh(open_clone(course, command_line("Whisper it.")))

    assert problem.text(tmp_path).startswith(
        "docs/commands.md: this view is stale\n    cure: chatkit author sync\n"
    )
    assert "+| `--loud` | Whisper it. |" in problem.detail
