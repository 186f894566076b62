"""The command that analyses as it happens: `live`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ferbeam.commands.options import avatars_option, lang_option, model_option, prior_option
from ferbeam.commands.words import Command


@click.command(cls=Command)
@click.option(
    "--source",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="A video in place of the camera.",
)
@click.option(
    "--record",
    metavar="OUTPUT",
    help="Writes the tables of analyze into a new folder; without it nothing is kept.",
)
@click.option(
    "--overlay",
    type=click.Choice(["emoji", "cover"], case_sensitive=False),
    default="emoji",
    show_default=True,
    help="What the page shows on every face; cover hides it.",
)
@avatars_option
@lang_option("the page")
@model_option
@prior_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any that is free",
    help="Port of the page.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address of the page; others than this let the network in.",
)
@click.option("--no-browser", is_flag=True, help="Only prints the address.")
def live(**options: Any) -> None:
    """Shows your own expression as an emoji, on a page in the browser, as it changes.

    The frames of the camera go to this machine's own server and are not kept. Ctrl-C ends it.
    """
    from ferbeam.live.serve import LiveRequest, run_live
    from ferbeam.live.server import LiveSettings
    from ferbeam.text import show_line

    record, avatars, model = options["record"], options["avatars"], options["model"]
    settings = LiveSettings(
        host=options["host"],
        port=options["port"],
        lang=options["lang"],
        overlay=options["overlay"],
        record_to=None if record is None else record.rstrip("/").rpartition("/")[2] or record,
    )
    request = LiveRequest(
        settings,
        options["source"],
        record,
        None if avatars is None else Path(avatars),
        None if model is None else Path(model),
        options["prior"],
        not options["no_browser"],
    )
    run_live(request, show_line)
