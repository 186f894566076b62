"""The command `analyze`."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from fer_core.errors import UsageError
from ferbeam.commands.exit_codes import DONE, SOME_FAILED
from ferbeam.commands.options import (
    detector_options,
    model_options,
    prior_option,
    render_options,
    runner_options,
)
from ferbeam.commands.words import JobCommand
from ferbeam.control.analyze_options import AnalyzeOptions, sample_rate

if TYPE_CHECKING:
    from ferbeam.control.progress import Progress
    from ferbeam.output.run_file import Run


class SampleRate(click.ParamType[Any]):
    """Frames per second to look at: a number such as 10, 0.5 or 30000/1001, or `all`."""

    name = "fps"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction | None:
        """Returns the rate, None for `all`."""
        try:
            return sample_rate(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


@click.command(cls=JobCommand)
@click.argument("input", metavar="INPUT")
@click.argument("output", metavar="OUTPUT")
@click.option(
    "--sample-fps",
    type=SampleRate(),
    default=str(AnalyzeOptions.sample_fps),
    show_default=True,
    help="Frames to look at per second of video, or 'all'.",
)
@detector_options
@click.option(
    "--redetect-ms",
    type=click.IntRange(min=1),
    show_default="3000",
    help="How often a frame is searched whole; between, faces are followed.",
)
@model_options
@prior_option
@click.option(
    "--span-s",
    type=click.FloatRange(min=0.1),
    default=AnalyzeOptions.span_s,
    show_default=True,
    help="Seconds of video in one unit of work; changes no row.",
)
@render_options
@runner_options
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    default=AnalyzeOptions.max_pixels,
    show_default=True,
    help="Larger pictures and frames are refused before they are decoded.",
)
@click.option(
    "--dry-run", is_flag=True, help="Tells what there is, and what it would take; writes nothing."
)
@click.option("--overwrite", is_flag=True, help="Starts OUTPUT anew.")
@click.option("--prune", is_flag=True, help="Drops the rows of media that INPUT no longer has.")
@click.option("--retry-failures", is_flag=True, help="Reads again what could not be read.")
def analyze(dry_run: bool, **given: Any) -> None:
    """Analyses the media of INPUT into tables and annotated copies in OUTPUT.

    The same command again resumes.

    INPUT is a folder, a quoted glob, a single picture or video, or a URI.
    """
    options = AnalyzeOptions(**given)
    if dry_run:
        _estimate(options)
        return
    from ferbeam.control.start import start_analysis

    run = start_analysis(options, sys.argv[1:], _make_progress)
    sys.exit(_tell(options, run))


def _estimate(options: AnalyzeOptions) -> None:
    from ferbeam.control.ask import ask_analysis
    from ferbeam.control.dry_run import print_estimate
    from ferbeam.runners.runner import check_runner

    check_runner(options.runner, options.beam_options)
    print_estimate(ask_analysis(options, ()))


def _make_progress() -> Progress:
    from ferbeam.terminal.progress import ShownProgress
    from ferbeam.text import open_console

    return ShownProgress(open_console(highlight=True))


def _tell(options: AnalyzeOptions, run: Run | None) -> int:
    """Prints what a run came to; returns the exit code."""
    from ferbeam.output.folder import Output
    from ferbeam.terminal.summary import print_summary
    from ferbeam.text import open_console

    console = open_console(highlight=True)
    if run is None:
        console.print("the job was checked, or written down; nothing was run")
        return DONE
    return SOME_FAILED if print_summary(console, Output(options.output), run) else DONE
