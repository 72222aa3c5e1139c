"""How an author's command ends when a source cannot be used."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from chatkit.course.errors import AuthoringError
from chatkit.course.lessons import find_course

PROBLEMS = 1  # the exit status when something has to be mended


@contextmanager
def problems_end_it() -> Iterator[None]:
    """End the command with one clear message instead of a traceback."""
    from chatkit.course.backups import BackupError

    try:
        yield
    except BackupError as error:
        click.echo(f"chatkit author: {error}", err=True)
        sys.exit(PROBLEMS)
    except AuthoringError as error:
        click.echo(error.problem.text(find_course().root), err=True)
        sys.exit(PROBLEMS)
