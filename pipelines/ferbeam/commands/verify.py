"""The command `verify`."""

from __future__ import annotations

import sys

import click

from ferbeam.commands.words import Command

ONE = {
    "faces": "face",
    "frames": "frame",
    "media": "medium",
    "failures": "failure",
    "copies": "copy",
}
"""What is one of those that are counted."""


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
@click.option("--json", "as_json", is_flag=True, help="Prints JSON.")
@click.option(
    "--since",
    metavar="RUN",
    help="Opens only copies of media that this run (its run_id), or one begun later, has analysed.",
)
def verify(output_path: str, as_json: bool, since: str | None) -> None:
    """Checks that OUTPUT is whole: every sum, every file that run.json lists, every copy.

    Names what lies there and is not ferbeam's: in its folders that is a finding.

    Exit code 0: nothing is wrong; 1: something is, and each kind of it has a line.
    """
    from ferbeam.output.folder import Output
    from ferbeam.text import count_of, json_text, printable
    from ferbeam.verify.verify_output import verify_output

    verified = verify_output(Output(output_path), since)
    found = verified.findings
    if as_json:
        findings = [finding.facts() for finding in found]
        told = {"clean": not found, "checked": verified.counted, "findings": findings}
        told["beside"] = verified.beside
        click.echo(json_text(told))
    else:
        for finding in found:
            click.echo(finding.line())
        counts = ", ".join(count_of(count, ONE[name]) for name, count in verified.counted.items())
        if beside := [printable(name) for name in verified.beside]:
            more = f" and {len(beside) - 3:,} more" if len(beside) > 3 else ""
            click.echo(f"not ferbeam's, and left alone: {', '.join(beside[:3])}{more}")
        kinds = f"{len(found)} kind{'s' if len(found) > 1 else ''} of findings"
        click.echo(f"{kinds if found else 'clean'}: checked {counts}")
    sys.exit(1 if found else 0)
