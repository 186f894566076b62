"""The command `ferbeam prepare`."""

from __future__ import annotations

import sys
from typing import Any

import click

from pipelines.options import runner_options

DONE, SOME_FAILED = 0, 3


@click.command()
@click.argument("input_path", metavar="INPUT")
@click.argument("data")
@click.argument("beam_options", metavar="[-- BEAM OPTIONS]", nargs=-1, type=click.UNPROCESSED)
@click.option("--cropped", is_flag=True, help="The pictures are cropped faces: takes them whole.")
@click.option(
    "--valid-share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="Share of the pictures for valid, where INPUT has no valid/.",
)
@runner_options
@click.option("--overwrite", is_flag=True, help="Replaces what DATA holds.")
def prepare(**options: Any) -> None:
    """Cuts the faces out of labelled pictures and writes the DATA that `train` reads.

    INPUT holds train/<emotion>/ and valid/<emotion>/ (and test/<emotion>/), or <emotion>/ alone,
    the emotions named angry, disgust, fear, happy, neutral, sad, surprise. Of several faces in a
    picture the largest is taken; what is left out is listed in DATA/skipped.csv.
    """
    from rich.console import Console

    from pipelines.output import Output
    from pipelines.preparing import PrepareRequest, run_prepare
    from pipelines.runners import beam_options, check_runner

    check_runner(options["runner"])
    request = PrepareRequest(
        input=options["input_path"],
        data=Output(options["data"]),
        cropped=options["cropped"],
        valid_share=options["valid_share"],
        options=beam_options(options["runner"], options["workers"], options["beam_options"]),
        overwrite=options["overwrite"],
    )
    sys.exit(SOME_FAILED if run_prepare(request, Console()) else DONE)
