"""The command `ferbeam`. Every command imports what it needs when it runs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import click

from fer_core.errors import FerError, SettingsError, UsageError
from pipelines.checking.verify import verify
from pipelines.failures import failures
from pipelines.live.commands import live
from pipelines.options import (
    choose_detector,
    choose_rendering,
    complete_beam_options,
    detector_options,
    model_options,
    render_options,
    runner_options,
)
from pipelines.query.commands import export, query
from pipelines.report.commands import report
from pipelines.training.commands import evaluate, prepare, train

DONE, FATAL, USAGE, SOME_FAILED = 0, 1, 2, 3
INTERRUPTED = "interrupted; run the same command again: analyze and train go on where they stopped"


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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ferbeam")
def cli() -> None:
    """Writes down the facial expression of every face in folders of pictures and videos."""


@cli.command(context_settings={"ignore_unknown_options": False})
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
    from pipelines.runners import Job, check_runner

    check_runner(options["runner"], options["beam_options"])
    if options["dry_run"]:
        from pipelines.dry_run import print_estimate

        print_estimate(_analysis_request(options))
        return
    with Job("analyze") as job:  # imports Beam while this process imports the rest
        from rich.console import Console

        from pipelines.progress import Progress
        from pipelines.running import run_analysis
        from pipelines.summary import print_summary

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
    from pipelines.claims import AnalysisRequest
    from pipelines.output import Output
    from pipelines.runners import Runner
    from pipelines.settings import RowSettings

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


@cli.command()
@click.argument("output_path", metavar="OUTPUT")
def profile(output_path: str) -> None:
    """Shows what the last analysis into OUTPUT spent its time on, stage by stage.

    Seconds of all workers are added up; their share is of what they could have worked.
    """
    from rich.console import Console

    from pipelines.output import Output
    from pipelines.profile import load_run, print_profile

    print_profile(Console(), load_run(Output(output_path)))


COMMANDS = (failures, verify, query, export, report, live, prepare, train, evaluate)
for command in COMMANDS:
    cli.add_command(command)


def _fail(message: str, code: int) -> NoReturn:
    """Prints one clear line and ends."""
    printable = f"ferbeam: {message}".encode("utf-8", "backslashreplace").decode()
    click.echo(printable, err=True)
    sys.exit(code)


def _end_without_threads() -> None:
    """Ends at once where Arrow's threads ran: they abort one process in a hundred as it ends."""
    if "pyarrow.dataset" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(DONE)


def main(args: Sequence[str] | None = None) -> None:
    """Runs the command line; errors become one line, never a traceback."""
    # So that `kill` ends a run as an interrupt does: with nothing left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        cli.main(args=args, standalone_mode=False)
        if args is None:  # called as a command, not from Python
            _end_without_threads()
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _fail(INTERRUPTED, 130)
    except (UsageError, SettingsError) as error:
        _fail(str(error), USAGE)
    except (FerError, OSError) as error:
        _fail(str(error), FATAL)


if __name__ == "__main__":
    main()
