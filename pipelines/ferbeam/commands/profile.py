"""The command `profile`."""

from __future__ import annotations

import click

from ferbeam.commands.words import Command


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
def profile(output_path: str) -> None:
    """Shows what the last analysis into OUTPUT spent its time on, stage by stage.

    Seconds of all workers are added up; their share is of what they could have worked.
    """
    from ferbeam.output.folder import Output
    from ferbeam.output.run_file import load_run
    from ferbeam.terminal.profile import print_profile
    from ferbeam.text import open_console

    print_profile(open_console(highlight=True), load_run(Output(output_path)))
