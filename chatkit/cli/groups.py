"""Groups of commands: they know what you may have meant, and tell every error in one line."""

from typing import Any

import click

from chatkit._errors import UserError


class Misuse(click.ClickException):
    """One clear line on standard error, status 2."""

    exit_code = 2


class Group(click.Group):
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
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; here an error that the user can put right becomes one line."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise Misuse(str(error)) from None
