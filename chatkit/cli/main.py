"""The command `chatkit`. Its parts are imported only when they are called, so that help is fast."""

from importlib import import_module

import click

from chatkit import __version__

COMMANDS = {
    "check": ("chatkit.cli.student", "check"),
    "demo": ("chatkit.cli.student", "demo"),
    "tap": ("chatkit.cli.wire", "tap"),
    "raw": ("chatkit.cli.wire", "raw"),
    "show": ("chatkit.cli.wire", "show"),
    "pack": ("chatkit.cli.handin", "pack"),
    "class": ("chatkit.cli.classroom", "classroom"),
    "author": ("chatkit.cli.author", "author"),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chatkit")
def main() -> None:
    """Learn network programming by building a chat in five steps.

    \b
    Open lessons/01_echo/README.md, write, and ask for a verdict:
      chatkit check 1

    \b
    See where it leads to:
      chatkit demo
    """
