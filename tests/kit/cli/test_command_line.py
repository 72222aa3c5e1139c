"""The manners of the whole command line: help that teaches, guesses, completion, a quick start."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from chatkit.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[3]


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and group, each with what one types for it."""
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command, name
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


ALL = dict(commands(main, "chatkit"))


@pytest.mark.parametrize("path", ALL)
def test_every_help_has_an_example_and_fits_the_terminal(path: str) -> None:
    settings = main.context_settings
    with click.Context(ALL[path], info_name=path, terminal_width=80, **settings) as context:
        text = ALL[path].get_help(context)

    examples = [line for line in text.splitlines() if line.startswith("  ") and path in line]
    assert examples, f"{path} --help shows no example"
    assert all(map(str.isprintable, text.splitlines())), "a character that nobody sees"
    assert max(map(len, text.splitlines())) <= 80, max(text.splitlines(), key=len)


def test_the_list_of_commands_says_what_each_one_is(chatkit: Callable) -> None:
    listed = chatkit("--help").stdout.partition("Commands:")[2]

    for name, (module, attribute, words) in COMMANDS.items():
        assert f"  {name}" in listed and words in listed  # so it fits one line
        assert isinstance(getattr(import_module(module), attribute), click.Command)


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from chatkit.cli.main import main; "
        "main(['--help'], standalone_mode=False); "
        "sys.exit(str(sorted(name for name in sys.modules if name.startswith('chatkit'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    mine = ["chatkit", "chatkit._errors", "chatkit.cli"]
    mine += [f"chatkit.cli.{name}" for name in ("groups", "main", "streams")]
    assert done.stderr.strip() == str(mine)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chekc"], "there is no command 'chekc'. Did you mean check?"),
        (["Hint"], "Did you mean hint?"),
        (["zzzz"], "There are: check, "),
        (["class", "grad"], "Did you mean grade?"),
        (["author", "sink"], "Did you mean sync?"),
    ],
)
def test_an_unknown_command_suggests_the_nearest(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(main, arguments)

    assert done.exit_code == 2 and words in done.output


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["ch"], ["check"]),
        (["hint", "b"], ["broadcast"]),
        (["check", "3"], ["3"]),
        (["pack", "1", "e"], ["echo"]),
        (["run", "1", "s"], ["server"]),
        (["class", "gr"], ["grade"]),
        (["check", "--so"], ["--solutions"]),
    ],
)
def test_tab_offers_commands_lessons_and_options(typed: list[str], offered: list[str]) -> None:
    *before, last = typed
    found = ShellComplete(main, {}, "chatkit", "_CHATKIT_COMPLETE").get_completions(before, last)

    assert [item.value for item in found] == offered


def test_the_shell_gets_its_answer(chatkit: Callable) -> None:
    asked = {"COMP_WORDS": "chatkit hint br", "COMP_CWORD": "2"}
    done = chatkit(_CHATKIT_COMPLETE="bash_complete", **asked)

    assert done.stdout == "plain,broadcast\n" and done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_asks_chatkit(chatkit: Callable, shell: str) -> None:
    done = chatkit("completion", shell)

    assert done.returncode == 0 and f"_CHATKIT_COMPLETE={shell}_complete" in done.stdout


def test_bash_can_read_its_script(chatkit: Callable) -> None:
    bash = shutil.which("bash")
    assert bash
    script = chatkit("completion", "bash").stdout
    done = subprocess.run(
        [bash, "--norc", "-c", f"{script}\ncomplete -p chatkit"],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 0 and "_chatkit_completion chatkit" in done.stdout


ONCE = [
    (path, option)
    for path, command in ALL.items()
    for option in command.params
    if isinstance(option, click.Option) and not option.multiple and not option.is_flag
]


@pytest.mark.parametrize(("path", "option"), ONCE, ids=lambda one: getattr(one, "name", one))
def test_an_option_that_counts_once_is_not_taken_twice(path: str, option: click.Option) -> None:
    """click takes the last one and says nothing, so a typing error would go unseen."""
    words = [*path.split()[1:], option.opts[-1], "1", option.opts[-1], "2"]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert f"{option.opts[-1]} is there twice" in done.output
