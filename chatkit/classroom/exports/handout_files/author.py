"""The command `chatkit author` in a hand-out: it says that lessons are written elsewhere."""

import click

from chatkit.cli.groups import Misuse


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def author(words: tuple[str, ...]) -> None:
    """Not in this hand-out: lessons are written where the solutions are."""
    raise Misuse("lessons are not written here: your instructor keeps the solutions")
