"""The command that watches a student's saves."""

import signal
import sys
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING

import click

from chatkit.cli.completion import complete_lesson
from chatkit.cli.groups import Misuse
from chatkit.cli.stopping import stopped
from chatkit.course.lessons import find_course
from chatkit.course.places import INSTALLED
from chatkit.system.signals import ENDING

if TYPE_CHECKING:
    from chatkit.student.events import Event
    from chatkit.student.watch import Watch


@click.command()
@click.argument("lesson", required=False, shell_complete=complete_lesson)
@click.option("--poll", is_flag=True, help="Look at the files all the time; wait for no events.")
def watch(lesson: str | None, poll: bool) -> None:
    """Check a LESSON each time you save, and show what to do next.

    Without LESSON: the first one that is not done. What failed last is checked first. Press ? for
    the keys.

    \b
    chatkit watch         go on where you are
    chatkit watch 2       lesson 2
    chatkit watch --poll  for a drive on which saves are noticed late

    On a network drive and under WSL it looks at the files by itself. Without a terminal it prints
    plain verdicts until it is ended.

    Exit status 0: you have quit. 130: Ctrl-C. 2: wrong use.
    """
    from chatkit.student.grader import Grader
    from chatkit.student.progress import load
    from chatkit.student.saves import Saves
    from chatkit.student.status import next_unfinished, statuses
    from chatkit.student.watch import Watch

    course = find_course()
    if course.root == INSTALLED:
        raise Misuse("there is no lesson of yours here. Copy them out: chatkit init my-chat")
    progress = load(course)
    undone = next_unfinished(statuses(course, progress))
    following = undone.lesson if undone else course.lessons[-1]
    chosen = course.lesson(lesson) if lesson else following
    events: SimpleQueue[Event] = SimpleQueue()
    end_cleanly()
    try:
        with ExitStack() as stack:
            grader = stack.enter_context(Grader(course, events.put))
            stack.enter_context(Saves(course.root / "lessons", events.put, poll=poll))
            state = Watch(course, chosen, progress, grader)
            show(state, events, stack)
        points = "{} of {} points".format(*state.points)
        with suppress(OSError):  # the terminal is gone
            click.echo(f"{state.lesson.name}: {points}. Go on: chatkit watch {state.lesson.number}")
    except KeyboardInterrupt:
        stopped()


def end_cleanly() -> None:
    """Let the first of Ctrl-C, SIGTERM and a hang-up end the watch, and later ones wait for it."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in ENDING:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in ENDING:
        signal.signal(one, stop)


def show(watch: "Watch", events: "SimpleQueue[Event]", stack: ExitStack) -> None:
    """Run the loop with the screen that this terminal can have; it is given back with `stack`."""
    from rich.console import Console

    from chatkit.cli.printing import Printer
    from chatkit.cli.student.watching import PlainScreen

    console = Console(highlight=False)
    able = console.is_terminal and not console.is_dumb_terminal and not console.legacy_windows
    if not (able and sys.stdin.isatty()):
        watch.loop(events, PlainScreen(Printer()))
        return
    from chatkit.cli.student.terminal import Terminal

    terminal = stack.enter_context(Terminal(console, events.put))
    watch.loop(events, terminal)
