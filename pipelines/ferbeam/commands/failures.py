"""The command `failures`."""

from __future__ import annotations

import click

from ferbeam.commands.words import Command


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "csv"], case_sensitive=False),
    default="text",
    show_default=True,
    help="text: by reason; json: by reason, with all names; csv: a line for each failure.",
)
def failures(output_path: str, style: str) -> None:
    """Shows what the last analysis into OUTPUT could not do, and how to try that again."""
    from ferbeam.output.folder import Output
    from ferbeam.terminal.failures import (
        describe_reason,
        group_reasons,
        load_failures,
        tell_reason,
        write_failures_csv,
    )
    from ferbeam.text import json_text

    output = Output(output_path)
    rows, command = load_failures(output)
    reasons = group_reasons(rows)
    if style == "csv":
        click.echo(write_failures_csv(rows), nl=False)
    elif style == "json":
        groups = [describe_reason(reason) for reason in reasons]
        told = {"failures": len(rows), "reasons": groups, "retry": command if rows else None}
        click.echo(json_text(told))
    elif not rows:
        click.echo("no failures")
    else:
        for line in (line for reason in reasons for line in tell_reason(reason)):
            click.echo(line)
        if command is not None:
            click.echo("once these files are put right, or to try again, just these:")
            click.echo(f"  {command}")
