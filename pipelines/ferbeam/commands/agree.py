"""The command `agree`."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import get_terminal_size

import click

from ferbeam.commands.options import lang_option
from ferbeam.commands.words import Command

WIDE = 110
"""Columns of a terminal in which figure and interval stand in one line."""


@click.command(cls=Command)
@click.argument("output_path", metavar="OUTPUT")
@click.argument("codes", metavar="CODES", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--step-ms",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Length of the steps of time that are compared.",
)
@click.option(
    "--tolerance-ms",
    type=click.IntRange(min=0),
    default=500,
    show_default=True,
    help="By how much two events may miss each other and still be the same.",
)
@lang_option("the page")
@click.option("--to", "path", metavar="FILE", help="Where the figures go as a table, too.")
def agree(
    output_path: str, codes: Path, step_ms: int, tolerance_ms: int, lang: str, path: str | None
) -> None:
    """Compares OUTPUT with what people coded in the same videos; shows where they disagree.

    CODES is a file, or a folder of files: CSV (columns media, emotion, start_ms, end_ms, and coder
    where there are several), exports or a project of BORIS, documents of ELAN (.eaf). Files that
    code the same video and name no coder are of a coder each. Per emotion it prints Cohen's kappa,
    Krippendorff's alpha, ICC(A,1) and the F1 of events, each with the 95 % interval of a bootstrap
    over videos. OUTPUT/agreement.html shows the worst moments.
    """
    from ferbeam.agreement.agree import agree_with, name_coders, tell_figures
    from ferbeam.agreement.compare import How
    from ferbeam.output.folder import Output
    from ferbeam.output.report_mark import AGREEMENT
    from ferbeam.query.answers import choose_format
    from ferbeam.query.formats import write_file
    from ferbeam.query.shown import print_answer
    from ferbeam.query.targets import whole_file
    from ferbeam.text import printable

    output = Output(output_path)
    form = choose_format(None, path, output)
    agreement = agree_with(output, codes, How(step_ms, tolerance_ms), lang)
    for note in agreement.notes:
        click.echo(f"left out: {printable(note)}", err=True)
    narrow = sys.stdout.isatty() and get_terminal_size().columns < WIDE
    print_answer(tell_figures(agreement, narrow).to_reader())
    if path is not None:
        with whole_file(path) as attempt:
            write_file(agreement.table().to_reader(), form, attempt)
    coders = name_coders(agreement)
    click.echo(
        f"{len(agreement.media)} videos, {agreement.coded_s:.0f} s, a face in "
        f"{100 * agreement.seen:.0f} % of them" + (f"; coded by {coders}" if coders else "")
    )
    click.echo(f"look at it: {printable(output.path(AGREEMENT))}")
