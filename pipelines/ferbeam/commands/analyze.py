"""The command `analyze`."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from fer_core.errors import UsageError
from ferbeam.commands.exit_codes import DONE, SOME_FAILED
from ferbeam.commands.options import (
    choose_detector,
    choose_rendering,
    complete_beam_options,
    detector_options,
    model_options,
    render_options,
    runner_options,
)


class SampleRate(click.ParamType[str]):
    """Frames per second to look at: a number such as 10, 0.5 or 30000/1001, or `all`."""

    name = "fps"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the rate as a fraction in its lowest terms, or `all`."""
        if value == "all":
            return "all"
        try:
            rate = Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"'{value}' is not a number of frames per second, nor 'all'", param, ctx)
        if not 0 < rate <= 1000:
            self.fail(f"{value} is out of range: above 0 and up to 1000, or 'all'", param, ctx)
        return str(rate)


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("input_path", metavar="INPUT")
@click.argument("output_path", metavar="OUTPUT")
@click.argument("beam_options", metavar="[-- BEAM OPTIONS]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--sample-fps",
    type=SampleRate(),
    default="10",
    show_default=True,
    help="Frames to look at per second of video, or 'all'.",
)
@detector_options
@click.option(
    "--redetect-ms",
    type=click.IntRange(min=1),
    show_default="3000",
    help="How often haar searches a frame whole; between, it follows faces and looks at changes.",
)
@model_options
@click.option(
    "--span-s",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    help="Seconds of video in one unit of work; changes no row.",
)
@render_options
@runner_options
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    default=100_000_000,
    show_default=True,
    help="Larger pictures and frames are refused before they are decoded.",
)
@click.option(
    "--dry-run", is_flag=True, help="Tells what there is, and what it would take; writes nothing."
)
@click.option("--overwrite", is_flag=True, help="Starts OUTPUT anew.")
@click.option("--prune", is_flag=True, help="Drops the rows of media that INPUT no longer has.")
@click.option("--retry-failures", is_flag=True, help="Reads again what could not be read.")
def analyze(**options: Any) -> None:
    """Analyses the media of INPUT into tables and annotated copies in OUTPUT.

    The same command again resumes.

    INPUT is a folder, a quoted glob, a single picture or video, or a URI.
    """
    from ferbeam.runners.job_process import Job
    from ferbeam.runners.runner import check_runner

    check_runner(options["runner"], options["beam_options"])
    if options["dry_run"]:
        from ferbeam.control.dry_run import print_estimate

        print_estimate(_analysis_request(options))
        return
    with Job("analyze") as job:  # imports Beam while this process imports the rest
        from rich.console import Console

        from ferbeam.control.run import run_analysis
        from ferbeam.terminal.progress import Progress
        from ferbeam.terminal.summary import print_summary

        console = Console(stderr=False)
        request = _analysis_request(options)
        run = run_analysis(request, Progress(console), job)
        if run is None:
            console.print("the job was checked, or written down; nothing was run")
            sys.exit(DONE)
        sys.exit(SOME_FAILED if print_summary(console, request.output, run) else DONE)


def _analysis_request(options: dict[str, Any]) -> Any:
    """Turns the options of `analyze` into what the job runner takes."""
    from fer_core.model import find_model_dir, load_card
    from ferbeam.control.request import AnalysisRequest
    from ferbeam.output.folder import Output
    from ferbeam.runners.runner import Runner
    from ferbeam.settings import RowSettings

    model_dir, engine = options["model_dir"], options["engine"]
    if engine == "tensorflow" and find_spec("tensorflow") is None:
        raise UsageError("engine tensorflow: is not installed; pip install 'ferbeam[train]'")
    card = load_card(find_model_dir() if model_dir is None else Path(model_dir))
    detector, detector_model = choose_detector(
        options["detector"], options["detector_model"], options["redetect_ms"]
    )
    looked = {name: options[name] for name in ("sample_fps", "max_pixels")}
    places = {"INPUT": options["input_path"], "OUTPUT": options["output_path"]}
    rows = RowSettings.of_model(card, engine, detector=detector, **looked)
    return AnalysisRequest(
        input=options["input_path"],
        output=Output(options["output_path"]),
        rows=rows,
        span_s=options["span_s"],
        model_dir=None if model_dir is None else os.path.abspath(model_dir),
        detector_model=detector_model,
        card=card,
        render=choose_rendering(
            options["overlay"], options["lang"], options["avatars"], options["video_quality"]
        ),
        runner=Runner(
            options["runner"], options["workers"], complete_beam_options(options, places)
        ),
        overwrite=options["overwrite"],
        prune=options["prune"],
        retry_failures=options["retry_failures"],
    )
