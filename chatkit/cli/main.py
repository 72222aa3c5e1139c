"""The command `chatkit`. Its parts are imported only when they are called, so that help is fast."""

import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from chatkit import __version__
from chatkit.cli.groups import CommandGroup
from chatkit.cli.streams import cannot_be_written, replace_closed_streams

# Name -> the module that has it, what it is called there, and its line in the list of commands.
COMMANDS = {
    "check": ("chatkit.cli.student.check", "check", "Check the programs of a LESSON, or of all."),
    "watch": ("chatkit.cli.student.watch", "watch", "Check a LESSON each time you save it."),
    "hint": ("chatkit.cli.student.hint", "hint", "Show one more hint for what failed last."),
    "run": ("chatkit.cli.student.run", "run", "Run your server or client of a LESSON."),
    "demo": (
        "chatkit.cli.student.check",
        "demo",
        "Open a server and two windows of the finished chat.",
    ),
    "tap": ("chatkit.cli.tools.wire", "tap", "Stand between client and server like a bad network."),
    "raw": ("chatkit.cli.tools.wire", "raw", "Talk to a server by hand, in bytes."),
    "show": ("chatkit.cli.tools.wire", "show", "Draw a recording, or what check --json said."),
    "reset": (
        "chatkit.cli.student.starters",
        "reset",
        "Bring starters back; your version is kept.",
    ),
    "solution": (
        "chatkit.cli.student.starters",
        "solution",
        "Compare yours with the finished programs.",
    ),
    "pack": (
        "chatkit.cli.student.handin",
        "pack",
        "Pack your programs into one zip file to hand in.",
    ),
    "init": ("chatkit.cli.student.starters", "init", "Copy the lessons into a new folder."),
    "update": ("chatkit.cli.student.update", "update", "Take a newer kit; what you wrote stays."),
    "play": ("chatkit.cli.tools.play", "play", "Let everybody in the room join one chat."),
    "doctor": ("chatkit.cli.tools.doctor", "doctor", "Look at this machine, and say what to fix."),
    "class": ("chatkit.cli.classroom.classroom", "classroom", "Grade a class."),
    "author": ("chatkit.cli.author.author", "author", "Write lessons that cannot drift."),
    "completion": ("chatkit.cli.completion", "completion", "Let TAB complete commands."),
}


class LazyGroup(CommandGroup):
    """A group that imports a command when it is called, and not to list it."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run it. An output that takes nothing more ends it with one line and status 1."""
        replace_closed_streams()
        for stream in (sys.stdout, sys.stderr):  # what an old console lacks becomes "?"
            if reconfigure := getattr(stream, "reconfigure", None):
                reconfigure(errors="replace")
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            words = cannot_be_written(error)
            if not words:
                raise
        with suppress(OSError):
            click.echo(f"chatkit: {words}", err=True)
        sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, _, words) in COMMANDS.items()])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> "list[click.shell_completion.CompletionItem]":
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=words)
            for name, (_, _, words) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="chatkit")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Learn network programming by building a chat step by step.

    \b
    Where am I, and what comes next?
      chatkit

    \b
    Open lessons/01_echo/README.md, write, and ask for a verdict:
      chatkit check 1

    \b
    Stuck? And how does it feel?
      chatkit hint
      chatkit run 1 server

    \b
    See where it leads to:
      chatkit demo
    """
    if ctx.invoked_subcommand is None:
        from chatkit.cli.student.status import show

        show()
