"""The command that shows a finished run: `report`."""

from __future__ import annotations

from typing import Any

import click

from ferbeam.commands.options import (
    clear_option,
    corrections_option,
    lang_option,
    markers_option,
    viewers_option,
)
from ferbeam.commands.words import Command


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
@lang_option("the page")
@viewers_option
@markers_option
@corrections_option
@clear_option
def report(output_path: str, lang: str, **study: Any) -> None:
    """Writes OUTPUT/report.html: what a finished run has found, to look at in a browser.

    It opens from disk and loads nothing from the network; it shows the copies in annotated/ and
    sheets/ beside it. With many media it lists them, each with a page of its own in report/.
    """
    from ferbeam.output.folder import Output
    from ferbeam.query.study import Study
    from ferbeam.report.build import write_report
    from ferbeam.text import printable

    written = write_report(Output(output_path), lang, Study(**study))
    pages = "" if written.pages == 1 else f", {written.pages:,} pages"
    click.echo(f"{printable(written.path)}{pages}, {written.size / 1e6:.1f} MB")
