"""Groups of commands: they know what you may have meant, ask where they cannot know, and tell every
error that you can put right in one line."""

from typing import Any

import click

from chatkit._errors import UserError


class Misuse(click.ClickException):
    """One clear line on standard error, status 2."""

    exit_code = 2


class CommandGroup(click.Group):
    """A group that suggests the nearest command for one that it does not have."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the source: what one needs first comes first."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        is_option = name.startswith("-")
        if not ctx.resilient_parsing and not is_option and self.get_command(ctx, name) is None:
            from difflib import get_close_matches  # only now: help must be fast

            known = self.list_commands(ctx)
            near = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
            guess = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
            ctx.fail(f"there is no command {name!r}. {guess}")
        found = super().resolve_command(ctx, args)
        if not ctx.resilient_parsing:
            no_option_twice(ctx, found[1], found[2])
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; here an error that the user can put right becomes one line."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise Misuse(str(error)) from None


def no_option_twice(parent: click.Context, command: click.Command | None, args: list[str]) -> None:
    """End with status 2 when an option that counts once is there twice: click takes the last one
    and says nothing. Other wrong use is said later, by click."""
    if command is None or isinstance(command, click.Group):
        return
    context = click.Context(command, parent=parent, info_name=command.name)
    try:
        _, _, order = command.make_parser(context).parse_args(list(args))
    except click.UsageError:
        return
    for option in order:
        once = isinstance(option, click.Option) and not (option.multiple or option.is_flag)
        if once and order.count(option) > 1:
            context.fail(f"{option.opts[-1]} is there twice: which one do you mean?")
