"""The pages of all commands, made from the objects of click: what it is for, usage, options.

It reads the objects and not the help that a terminal shows, so that the pages are the same on every
system, with every version of Python, and however wide the terminal is. The caller hands over the
command line: nothing here imports `chatkit.cli`.
"""

import re
from collections.abc import Iterator
from inspect import cleandoc

import click

from chatkit.authoring.site.markdown import front, words

MADE = (
    "<!-- Made from chatkit/cli by `chatkit author sync`. Edit the help there, not this file. -->"
)
INTRODUCTION = """\
This page lists {what} with all their options. In the terminal, `--help` behind any command
tells you the same: `chatkit check --help`.

`LESSON` is the number or the name of a lesson: `2`, `broadcast` and `02_broadcast` mean the same.
You may leave out what is in square brackets.
"""

# The commands without a group that are useful without a lesson. All the others are a student's.
TOOLS = ("demo", "tap", "raw", "show", "init", "update", "play", "doctor", "completion")
# The pages: file, title, and what is on them.
STUDENTS = ("commands.md", "Commands for students", "the commands that you need for a lesson")
OTHERS = (
    "commands/tools.md",
    "Tools for everybody",
    "the commands that are useful without a lesson",
)
PAGES = {
    "class": ("commands/instructors.md", "Commands for instructors", "the commands for a class"),
    "author": ("commands/authors.md", "Commands for authors", "the commands for authors"),
}

AS_IT_IS = "\b"  # the first line of a paragraph that click does not wrap
EXIT = "Exit status "
NOTE = re.compile(r"(?P<command>\S.*?) {2,}(?P<note>\S.*)")
STATUS = re.compile(r"(?<!\d)(\d{1,3}): ")
OPTIONAL = re.compile(r"\[([^\]]*)\](?:\.\.\.)?")
NAMES = {"integer": "N", "integer range": "N", "float": "N", "float range": "N", "text": "TEXT"}


def commands_pages(main: click.Group) -> dict[str, str]:
    """The pages of all commands, by file in `docs`; `main` is the whole command line."""
    root = click.Context(main, info_name="chatkit")
    single = [one for one in below(root) if not isinstance(one.command, click.Group)]
    groups = [one for one in below(root) if isinstance(one.command, click.Group)]
    tools = [one for one in single if one.info_name in TOOLS]
    pages: list[tuple[tuple[str, str, str], click.Context | None, list[click.Context]]] = [
        (STUDENTS, root, [one for one in single if one not in tools])
    ]
    pages += [(OTHERS, None, tools)] * bool(tools)
    for one in groups:
        name = str(one.info_name)
        pages.append(
            (PAGES.get(name, (f"commands/{name}.md", path(one), path(one))), one, below(one))
        )
    return {file: page(title, what, group, own) for (file, title, what), group, own in pages}


def page(title: str, what: str, group: click.Context | None, commands: list[click.Context]) -> str:
    """One page: a list of its commands, the group itself, and each command."""
    blocks = [
        front(f"{what[:1].upper()}{what[1:]}, with all options and examples."),
        MADE,
        f"# {title}",
        INTRODUCTION.format(what=what).rstrip(),
    ]
    blocks.append("\n".join(map(overview, commands)))
    for one in [group, *commands] if group else commands:
        blocks += about(one)
    return "\n\n".join(blocks) + "\n"


def below(context: click.Context) -> list[click.Context]:
    """The commands of a group in the order of its help, each as a context; no hidden ones."""
    group = context.command
    assert isinstance(group, click.Group)
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [
        click.Context(command, parent=context, info_name=name)
        for name, command in found
        if command and not command.hidden
    ]


def path(context: click.Context) -> str:
    """What one types for it: "chatkit class grade"."""
    before = path(context.parent) + " " if context.parent else ""
    return before + str(context.info_name)


def overview(context: click.Context) -> str:
    """A line of the list at the top: the command, and the first sentence of its help."""
    first = cleandoc(context.command.help or "").partition("\n\n")[0].replace("\n", " ")
    sentence = first.partition(". ")[0].rstrip(".") + "."
    name = path(context)
    return f"- [`{name}`](#{name.replace(' ', '-')}): {words(sentence.replace('?.', '?'))}"


def about(context: click.Context) -> Iterator[str]:
    """The blocks of one command: title, what it is for, usage, options, the rest of its help."""
    command = context.command
    yield f"## {path(context)}"
    first, *rest = cleandoc(command.help or "").split("\n\n")
    yield words(first.replace("\n", " "))
    usage = " ".join([path(context), *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```"
    if rows := list(parameters(context)):
        yield "\n".join(["| you write | what it means |", "|---|---|", *rows])
    for paragraph in rest:
        if paragraph.startswith(AS_IT_IS):
            yield from example(paragraph.removeprefix(AS_IT_IS).strip("\n"))
        elif paragraph.startswith(EXIT):
            yield statuses(paragraph.replace("\n", " ").removeprefix(EXIT))
        else:
            yield words(paragraph.replace("\n", " "))


def parameters(context: click.Context) -> Iterator[str]:
    """A row for each argument and each option that is not hidden."""
    for parameter in context.command.params:
        if isinstance(parameter, click.Option):
            if not parameter.hidden:
                yield f"| {option_names(parameter)} | {meaning(parameter, parameter.help or '')} |"
        else:
            name = parameter.metavar or parameter.human_readable_name.upper()
            bare = OPTIONAL.fullmatch(name)
            yield f"| `{bare[1] if bare else name}` | {meaning(parameter, '')} |"


def option_names(option: click.Option) -> str:
    """How one writes it; each choice on a line of its own."""
    names = [*option.opts, *option.secondary_opts]
    if option.is_flag or option.count:
        values = [""]
    elif isinstance(option.type, click.Choice):
        values = [f" {choice}" for choice in option.type.choices]
    else:
        values = [f" {option.metavar or NAMES.get(option.type.name, option.type.name.upper())}"]
    return "<br>".join(f"`{name}{value}`" for name in names for value in values)


def meaning(parameter: click.Parameter, help: str) -> str:
    """What the table says of it: its help, and what click knows besides."""
    said = [words(re.sub(r"\s+", " ", help))] if help else []
    if isinstance(parameter, click.Argument):
        if isinstance(parameter.type, click.Choice):
            *first, last = (f"`{choice}`" for choice in parameter.type.choices)
            said.append(", ".join(first) + f" or {last}.")
        said.append("Needed." if parameter.required else "May be left out.")
    else:
        if parameter.required:
            said.append("Needed.")
        if parameter.multiple:
            said.append("May be given several times.")
        if isinstance(parameter, click.Option) and parameter.show_default is True:
            said.append(f"Default: `{parameter.default}`.")
    return " ".join(said).replace("|", "\\|")


def example(block: str) -> Iterator[str]:
    """A paragraph that click shows as it is: a title if it has one, and a block of commands.

    What stands behind a command, as a remark, becomes a comment, so that the block can be copied.
    """
    lines = block.split("\n")
    if len(lines) > 1 and all(line.startswith("  ") for line in lines[1:]):
        if lines[0].rstrip(":") not in ("Example", "Examples"):
            yield words(lines[0])
        lines = lines[1:]
    lines = cleandoc("\n".join(lines)).split("\n")
    if any(line.startswith(" ") for line in lines):  # a session, with what is typed into it
        yield "\n".join(["```text", *lines, "```"])
        return
    notes = [NOTE.fullmatch(line) for line in lines]
    width = max((len(note["command"]) for note in notes if note), default=0)
    commented = (
        f"{note['command']:{width}}  # {note['note']}" if note else line
        for note, line in zip(notes, lines, strict=True)
    )
    yield "\n".join(["```sh", *commented, "```"])


def statuses(text: str) -> str:
    """The exit statuses as a list; `text` is "0: full score. 1: not."."""
    _, *parts = STATUS.split(text)
    items = (
        f"- `{n}`: {words(said.strip())}" for n, said in zip(parts[::2], parts[1::2], strict=True)
    )
    return "\n".join(["Exit status:", "", *items])
