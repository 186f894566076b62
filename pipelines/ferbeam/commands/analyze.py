"""The command `analyze`."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from fer_core.detection.detector_settings import DEFAULT, HAAR
from fer_core.errors import FerError, FerWarning, UsageError
from ferbeam.commands.exit_codes import DONE, SOME_FAILED, exit_code_of
from ferbeam.commands.options import (
    detector_options,
    model_options,
    prior_option,
    render_options,
    runner_options,
)
from ferbeam.commands.words import JobCommand
from ferbeam.control.analyze_options import AnalyzeOptions, sample_rate
from ferbeam.control.progress import AllProgress

if TYPE_CHECKING:
    from ferbeam.control.progress import Progress
    from ferbeam.output.folder import Output
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
@click.option(
    "--include",
    metavar="GLOB",
    multiple=True,
    help="Analyses only media that match: *.mp4, or camera1/** below INPUT. As often as wanted.",
)
@click.option(
    "--exclude",
    metavar="GLOB",
    multiple=True,
    help="Leaves out media that match, or lie in a folder that does. As often as wanted.",
)
@click.option(
    "--input-list",
    is_flag=True,
    help="INPUT is a text file that lists the media, one path or URI a line.",
)
@detector_options
@click.option(
    "--redetect-ms",
    type=click.IntRange(min=1),
    show_default=f"{DEFAULT.redetect_ms}; haar: {HAAR.redetect_ms}",
    help="How often a frame is searched whole, in milliseconds, unless nothing changes beside the "
    "followed faces.",
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
@click.option(
    "--people",
    type=click.IntRange(min=1),
    help="How many people each video shows: faces that are not seen at the same time are joined "
    "until no more are left. Without it, those that look alike are.",
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
@click.option(
    "--overwrite", is_flag=True, help="Starts OUTPUT anew; if interrupted, goes on with that."
)
@click.option("--prune", is_flag=True, help="Drops the rows of media that INPUT no longer has.")
@click.option(
    "--input-moved",
    is_flag=True,
    help="INPUT lies elsewhere than before: what has the same name and bytes is the same.",
)
@click.option("--retry-failures", is_flag=True, help="Reads again what could not be read.")
@click.option("-q", "--quiet", is_flag=True, help="Prints nothing but what stops it.")
@click.option("-v", "--verbose", is_flag=True, help="A line for every medium.")
@click.option(
    "--log",
    "log_style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How progress and errors are told on standard error; json: an object a line.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the summary is written to standard output.",
)
@click.option("--metrics", metavar="FILE", help="Tells Prometheus how far it is, in a text file.")
def analyze(dry_run: bool, **given: Any) -> None:
    """Analyses the media of INPUT into tables and annotated copies in OUTPUT.

    The same command again resumes. Then `ferbeam report OUTPUT` shows what was found.

    INPUT is a folder, a quoted glob, a single picture or video, or a URI.

    Exit code 0: done; 3: done, with failures; 75: try again later (OUTPUT is locked, its disk is
    full, a store is away); 1: stopped, the same command resumes; 2: it will never work as it
    stands; 130: interrupted.
    """
    told = Telling(*(given.pop(name) for name in TELLING))
    try:
        sys.exit(_analyze(AnalyzeOptions(**given), dry_run, told))
    except (FerError, OSError, KeyboardInterrupt) as error:
        if not told.as_json:
            raise
        sys.exit(told.end(exit_code_of(error), str(error) or "interrupted"))


def _analyze(options: AnalyzeOptions, dry_run: bool, told: Telling) -> int:
    if dry_run:
        _estimate(options)
        return DONE
    # What is imported is no garbage: looking for it, as often as Python does, takes 0.03 s.
    gc.set_threshold(50_000)
    # NumPy would start a thread for every core, which a command that computes nothing never uses.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ferbeam.control.start import start_analysis

    told.check()
    run = start_analysis(options, sys.argv[1:], told.make_progress)
    code = _tell(options, run, told)
    if told.as_json:
        told.end(code)
    return code


@dataclass(frozen=True)
class Telling:
    """How the command tells what it does.

    Attributes:
        quiet: nothing but what stops it.
        verbose: a line for every medium.
        log_style: `text` or `json`, on standard error.
        style: of the summary on standard output, `text` or `json`.
    """

    quiet: bool
    verbose: bool
    log_style: str
    style: str

    @property
    def as_json(self) -> bool:
        """Whether standard error is lines of JSON."""
        return self.log_style == "json"

    def check(self) -> None:
        """Refuses what does not go together."""
        if self.quiet and self.verbose:
            raise UsageError("--quiet and --verbose: do not go together")

    def make_progress(self) -> Progress:
        """Makes what is told how far the run is."""
        if self.as_json:
            from ferbeam.terminal.log_lines import LoggedProgress

            return LoggedProgress(sys.stderr)
        if self.quiet:
            return AllProgress([])
        from ferbeam.terminal.progress import ShownProgress
        from ferbeam.text import open_console

        return ShownProgress(open_console(highlight=True, stderr=True), self.verbose)

    def warn(self, line: str) -> None:
        """Tells a line of warning."""
        if self.as_json:
            from ferbeam.terminal.log_lines import write_event

            write_event(sys.stderr, "note", message=line)
        else:
            warnings.warn(line, FerWarning, stacklevel=2)

    def end(self, code: int, message: str | None = None) -> int:
        """Writes the last line of JSON; returns the exit code."""
        from ferbeam.masking import mask_urls
        from ferbeam.terminal.log_lines import write_event

        error = {} if message is None else {"error": mask_urls(message)}
        write_event(sys.stderr, "end", exit_code=code, **error)
        return code


TELLING = tuple(each.name for each in fields(Telling))


def _estimate(options: AnalyzeOptions) -> None:
    from ferbeam.control.ask import ask_analysis
    from ferbeam.control.dry_run import print_estimate
    from ferbeam.runners.runner import check_runner

    check_runner(options.runner, options.beam_options)
    print_estimate(ask_analysis(options, ()))


def _tell(options: AnalyzeOptions, run: Run | None, told: Telling) -> int:
    """Tells what a run came to; returns the exit code."""
    from ferbeam.output.folder import Output
    from ferbeam.terminal.summary import describe_summary, print_summary
    from ferbeam.text import json_text, open_console

    console, output = open_console(highlight=True), Output(options.output)
    if run is None:
        console.print("the job was checked, or written down; nothing was run")
        return DONE
    if told.style == "json":
        click.echo(json_text(describe_summary(output, run)))
    elif not told.quiet:
        print_summary(console, output, run)
    if not told.quiet:
        _warn_of_main(output, run, told)
    return SOME_FAILED if run.rows["failures"] else DONE


def _warn_of_main(output: Output, run: Run, told: Telling) -> None:
    """Warns of videos whose main person is unclear, unless there are very many faces."""
    from ferbeam.query.main_person import describe_unclear, find_unclear
    from ferbeam.query.tables import MOST_COPIED, open_tables

    if 0 < run.rows["faces"] <= MOST_COPIED:
        with open_tables(output, only=["people"]) as tables:
            for line in describe_unclear(find_unclear(tables)):
                told.warn(line)
