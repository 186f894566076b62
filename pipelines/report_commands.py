"""The command that shows a finished run: `report`."""

from __future__ import annotations

import click


@click.command()
@click.argument("output_path", metavar="OUTPUT")
@click.option(
    "--lang",
    type=click.Choice(["en", "fr"]),
    default="en",
    show_default=True,
    help="Language of the page.",
)
@click.option(
    "--viewers",
    type=click.Path(exists=True, dir_okay=False),
    help="CSV with media, offset_ms, group: shifts and groups the videos in the common curve.",
)
def report(output_path: str, lang: str, viewers: str | None) -> None:
    """Writes OUTPUT/report.html: what a finished run has found, to look at in a browser.

    It opens from disk and loads nothing from the network; it shows the copies in annotated/ and
    sheets/ beside it. With many media it lists them, each with a page of its own in report/.
    """
    from pipelines.output import Output
    from pipelines.report.build import write_report

    written = write_report(Output(output_path), lang, viewers)
    pages = "" if written.pages == 1 else f", {written.pages:,} pages"
    click.echo(f"{written.path}{pages}, {written.size / 1e6:.1f} MB")
