"""The command `verify`."""

from __future__ import annotations

import sys

import click

from ferbeam.commands.words import Command


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
@click.option("--json", "as_json", is_flag=True, help="Prints JSON.")
def verify(output_path: str, as_json: bool) -> None:
    """Checks that OUTPUT is whole: every sum, every file that run.json lists, every copy.

    Exit code 0: nothing is wrong; 1: something is, and each kind of it has a line.
    """
    from ferbeam.output.folder import Output
    from ferbeam.text import json_text
    from ferbeam.verify.verify_output import verify_output

    verified = verify_output(Output(output_path))
    found = verified.findings
    if as_json:
        findings = [finding.facts() for finding in found]
        told = {"clean": not found, "checked": verified.counted, "findings": findings}
        click.echo(json_text(told))
    else:
        for finding in found:
            click.echo(finding.line())
        counts = ", ".join(f"{count:,} {name}" for name, count in verified.counted.items())
        kinds = f"{len(found)} kind{'s' if len(found) > 1 else ''} of findings"
        click.echo(f"{kinds if found else 'clean'}: checked {counts}")
    sys.exit(1 if found else 0)
