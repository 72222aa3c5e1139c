"""The command that looks at the machine."""

import io
import json
import sys
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

import click

from chatkit import __version__
from chatkit.cli.stopping import end_on_signals, stopped

if TYPE_CHECKING:
    from chatkit.tools.doctor import Finding

WIDTH = 80
INDENT = 15
MARKS = {"ok": "✓", "remark": "·", "wrong": "✗"}
PLAIN = {"ok": "ok", "remark": "--", "wrong": "NO"}  # for a terminal without these signs
STYLES = {"ok": "green", "remark": "yellow", "wrong": "bold red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def doctor(as_json: bool) -> None:
    """Look at this machine: is everything here that the lessons need?

    One line for each thing; what is wrong comes with its cure. A window opens for a moment. Nothing
    is changed, and nothing leaves this machine.

    \b
    chatkit doctor           look, and say what to do
    chatkit doctor --json    the same as data, for whoever helps you

    Exit status 0: all that a student needs is right. 1: something is wrong.
    """
    from chatkit.tools.doctor import examine

    end_on_signals()
    try:
        if as_json:
            found = list(examine(lambda name: None))
            findings = [asdict(one) for one in found]
            about = {"doctor": 1, "kit": __version__, "findings": findings}
            click.echo(json.dumps(about, indent=1, ensure_ascii=True))
        else:
            found = shown()
    except KeyboardInterrupt:
        stopped()
    sys.exit(1 if any(one.status == "wrong" for one in found) else 0)


def shown() -> list["Finding"]:
    """Look at everything, and print each finding as it comes, then what is left to do."""
    from rich.console import Console
    from rich.text import Text

    from chatkit.tools.doctor import examine

    console = Console(highlight=False, soft_wrap=True)
    marks = marks_for(sys.stdout)
    found = []
    status = console.status("")  # a wheel that turns, on a terminal
    try:
        with suppress(RuntimeError):  # it needs a thread: see the line limits
            status.start()
        for one in examine(lambda name: status.update(f"{name} ...")):
            found.append(one)
            text = Text(plain(one, marks))
            text.highlight_regex(r"^\S+", STYLES[one.status])
            text.highlight_regex(r"(?m)^ +cure ", "cyan")
            console.print(text)
    finally:
        status.stop()
    wrong = [one.name for one in found if one.status == "wrong"]
    if wrong:
        again = "Do what it says after cure, then look again: chatkit doctor"
        console.print(Text(f"\nNot right: {', '.join(wrong)}. {again}", style="bold red"))
    elif unseen := [one.name for one in found if one.failed]:
        told = (
            f"Nothing is known about: {', '.join(unseen)}. All else that a student needs is right."
        )
        console.print(Text(f"\n{told}", style="yellow"))
    else:
        console.print(Text("\nEverything that a student needs is right.", style="green"))
    return found


def marks_for(output: TextIO) -> dict[str, str]:
    """The marks that this output can carry. What else it lacks, such as a name, becomes "?"."""
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(errors="replace")
    try:
        "".join(MARKS.values()).encode(output.encoding or "ascii")
    except UnicodeEncodeError:
        return PLAIN
    return MARKS


def plain(finding: "Finding", marks: Mapping[str, str]) -> str:
    """A finding as text, folded to the width of a terminal; the cure on lines of its own."""
    name = f"{marks[finding.status]:<3}{finding.name}".ljust(INDENT)
    lines = folded(name, finding.told)
    return "\n".join([*lines, *folded(f"{'   cure':<{INDENT}}", finding.cure)])


def folded(label: str, text: str) -> list[str]:
    """`text` behind `label`; paths and commands are not broken inside a word."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=label,
        subsequent_indent=" " * INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
