"""The command that lets TAB complete what one types, and what it completes."""

import click
from click.shell_completion import CompletionItem, get_completion_class

from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course

VARIABLE = "_CHATKIT_COMPLETE"  # where click looks for what a shell asks


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that lets the TAB key complete commands, options and lessons.

    Put it where your SHELL reads it at its start, and open a new terminal:

    \b
    bash: add this line to ~/.bashrc
      eval "$(chatkit completion bash)"

    \b
    zsh: add these lines to ~/.zshrc
      autoload -Uz compinit && compinit
      eval "$(chatkit completion zsh)"

    \b
    fish: run this once
      chatkit completion fish > ~/.config/fish/completions/chatkit.fish

    The shell must find chatkit at its start. When that is in a virtual environment, type the line
    with eval each time after you have switched the environment on.
    There is none for PowerShell.
    """
    kind = get_completion_class(shell)
    assert kind
    click.echo(kind(ctx.find_root().command, {}, "chatkit", VARIABLE).source())


def complete_lesson(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The lessons whose number or name begins like this; nothing when there are no lessons."""
    try:
        lessons = find_course().lessons
    except CourseError:
        return []
    return [
        CompletionItem(name, help=lesson.title)
        for lesson in lessons
        for name in (str(lesson.number), lesson.step)
        if name.startswith(incomplete)
    ]
