"""The commands that make and measure a model: `prepare`, `train`, `evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ferbeam.commands.exit_codes import DONE, SOME_FAILED
from ferbeam.commands.options import (
    detector_options,
    model_options,
    runner_options,
)
from ferbeam.commands.words import Command, JobCommand


@click.command(cls=JobCommand)
@click.argument("input_path", metavar="INPUT")
@click.argument("data")
@click.option("--cropped", is_flag=True, help="The pictures are cropped faces: takes them whole.")
@click.option(
    "--valid-share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="Share of the pictures for valid, where INPUT has no valid/.",
)
@detector_options
@runner_options
@click.option("--overwrite", is_flag=True, help="Replaces what DATA holds.")
def prepare(**options: Any) -> None:
    """Cuts the faces out of labelled pictures and writes the DATA that `train` reads.

    INPUT holds train/<emotion>/ and valid/<emotion>/ (and test/<emotion>/), or <emotion>/ alone,
    the emotions named angry, disgust, fear, happy, neutral, sad, surprise. Of several faces in a
    picture the largest is taken; what is left out is listed in DATA/skipped.csv.
    """
    from fer_core.errors import UsageError
    from ferbeam.runners.job_process import Job
    from ferbeam.runners.runner import check_runner, choose_runner

    check_runner(options["runner"], options["beam_options"])
    if options["cropped"] and (options["detector"], options["detector_model"]) != ("yunet", None):
        raise UsageError("--cropped: takes the pictures whole; leave out --detector")
    with Job("prepare") as job:  # imports Beam while this process imports the rest
        from ferbeam.control.ask import choose_detector
        from ferbeam.output.folder import Folder
        from ferbeam.text import open_console
        from ferbeam.training.prepare_run import PrepareRequest, run_prepare

        places = {"INPUT": options["input_path"], "DATA": options["data"]}
        request = PrepareRequest(
            input=options["input_path"],
            data=Folder(options["data"]),
            cropped=options["cropped"],
            valid_share=options["valid_share"],
            detector=choose_detector(options["detector"], options["detector_model"]),
            runner=choose_runner(
                options["runner"], options["workers"], options["beam_options"], places
            ),
            overwrite=options["overwrite"],
        )
        sys.exit(SOME_FAILED if run_prepare(request, open_console(), job) else DONE)


@click.command(cls=Command)
@click.argument("data", type=click.Path(exists=True, file_okay=False))
@click.argument("model_dir", type=click.Path(file_okay=False))
@click.option(
    "--label-set",
    type=click.Choice(["ferplus", "fer2013"]),
    default="ferplus",
    show_default=True,
    help="Vote shares of FER+, or the single label.",
)
@click.option(
    "--network",
    type=click.Choice(["small", "medium", "large"]),
    default="small",
    show_default=True,
    help="small ships; large is there to teach.",
)
@click.option(
    "--teacher",
    "teachers",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Model folder to learn from beside the labels; may be given several times.",
)
@click.option(
    "--start",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Model folder whose weights to begin with, of the same --network: fewer epochs will do.",
)
@click.option(
    "--views",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Random views of each picture that teachers are asked about, one for each epoch.",
)
@click.option(
    "--teacher-share",
    type=click.FloatRange(0, 1),
    default=0.7,
    show_default=True,
    help="How much of what is learnt is their word, where there are teachers; the rest the labels.",
)
@click.option(
    "--answers",
    metavar="FILE.npz",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What a teacher outside ferbeam said of the pictures: sha256 of the crops, and scores.",
)
@click.option(
    "--hint-power",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="How much of --answers is heard: the power of its scores that multiply the teachers'.",
)
@click.option(
    "--faces-hint-power",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="The same for --faces.",
)
@click.option(
    "--faces",
    metavar="FILE.parquet",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Faces that nobody has labelled, column image: the teachers alone speak of them.",
)
@click.option(
    "--label-share",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="How much of what people say is the single label, where there are votes beside it.",
)
@click.option(
    "--cameras",
    is_flag=True,
    help="Shows the pictures in other light, blurred, noisy, far away, saved small.",
)
@click.option(
    "--mean",
    "means",
    metavar="MODEL SHARE",
    type=(click.Path(exists=True, file_okay=False, path_type=Path), click.FloatRange(0, 1)),
    multiple=True,
    help="How much of the weights of a model that this one grew out of is in the result, which is "
    "the mean of all; several times.",
)
@click.option("--epochs", type=click.IntRange(min=1), default=16, show_default=True)
@click.option("--batch", type=click.IntRange(min=1), default=128, show_default=True)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    default=0.1,
    show_default=True,
    help="Highest rate of the one cycle; lower with --start.",
)
@click.option(
    "--mixup",
    metavar="A",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Shows two pictures as one, shares from Beta(A, A): against learning pictures by heart.",
)
@click.option(
    "--mixed-precision",
    is_flag=True,
    help="Computes in bfloat16: half as long where the processor can, longer where it cannot.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def train(
    data: str,
    model_dir: str,
    label_set: str,
    teachers: tuple[Path, ...],
    start: Path | None,
    answers: Path | None,
    faces: Path | None,
    means: tuple[tuple[Path, float], ...],
    **settings: Any,
) -> None:
    """Trains a network on DATA and writes it to MODEL_DIR; the same command again resumes.

    DATA holds train.parquet and valid.parquet, or fer2013.csv (and fer2013new.csv), or a folder
    per emotion in train/ and valid/.
    """
    from fer_core.learn.settings import TrainSettings
    from ferbeam.guard.quiet import quiet_libraries
    from ferbeam.text import show_line
    from ferbeam.training.train import TrainRequest, run_train

    request = TrainRequest(
        data=Path(data),
        model_dir=Path(model_dir),
        settings=TrainSettings(**settings),
        label_set=label_set,
        teachers=teachers,
        start=start,
        answers=answers,
        faces=faces,
        means=means,
    )
    with quiet_libraries():
        card = run_train(request, show_line)
    show_line(f"{card.name}: {card.parameters:,} parameters, in {model_dir}")


@click.command(cls=Command)
@click.argument("data", required=False, type=click.Path(exists=True, file_okay=False))
@model_options
@detector_options
@click.option(
    "--pictures",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Whole pictures in <emotion>/ folders: measures finding their faces too; several times.",
)
@click.option(
    "--with",
    "others",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Further model: measures the mean of all, each shown the mirror image too; several times.",
)
@click.option(
    "--part",
    type=click.Choice(["valid", "test"]),
    default="valid",
    show_default=True,
    help="Which part of DATA to measure on.",
)
@click.option("--report", type=click.Path(file_okay=False), help="Folder for report and figures.")
def evaluate(
    data: str | None,
    model: str | None,
    report: str | None,
    detector: str,
    detector_model: str | None,
    **options: Any,
) -> None:
    """Measures a model on the labelled faces of DATA, and on folders of whole pictures.

    DATA is in a format that `train` reads. All is measured under every prior.
    """
    from fer_core.model import find_model_dir
    from ferbeam.control.ask import choose_detector
    from ferbeam.guard.quiet import quiet_libraries
    from ferbeam.text import show_line
    from ferbeam.training.evaluate import EvaluateRequest, run_evaluate

    settings, detector_file = choose_detector(detector, detector_model)
    request = EvaluateRequest(
        data=None if data is None else Path(data),
        model=find_model_dir(model),
        report=None if report is None else Path(report),
        detector=settings,
        detector_model=detector_file,
        **options,
    )
    with quiet_libraries():
        run_evaluate(request, show_line)
