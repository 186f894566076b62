"""Commands that take the words they name, and no more."""

from __future__ import annotations

import click


class Command(click.Command):
    """A command that refuses words too many, and says where they may come from."""

    allow_extra_args = True  # they come to `parse_args`
    hint = (
        "quote a pattern such as '*.mp4', and what has spaces: "
        "else the shell makes several words of it"
    )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses words and options."""
        rest = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            extra = ", ".join(f"'{word}'" for word in ctx.args)
            ctx.fail(f"{extra}: more than {self.name} takes; {self.hint}")
        return rest


class JobCommand(Command):
    """A command that gives what follows `--` to Beam, as `beam_options`, and nothing else."""

    hint = f"{Command.hint}; Beam's options go after --"

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Adds Beam's options to the line that shows how to use it."""
        return [*super().collect_usage_pieces(ctx), "[-- BEAM OPTIONS]"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses words and options in front of `--`."""
        end = args.index("--") if "--" in args else len(args)
        ctx.params["beam_options"] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])
