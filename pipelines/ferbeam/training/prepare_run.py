"""Runs `ferbeam prepare` from the command's side: checks INPUT, watches the job, shows counts."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fer_core.detection.detector_settings import DetectorSettings
from fer_core.emotions import NAMES
from fer_core.errors import DataError, FerError, UsageError
from fer_core.learn.labelled_faces import (
    LEFT_OUT,
    NO_EMOTION,
    PARTS,
    Counts,
    is_trainable,
    label_of,
    missing_emotions,
)
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import count_parts
from ferbeam.output.folder import Folder
from ferbeam.runners.flink import cancel_job
from ferbeam.runners.job_process import Job, run_job
from ferbeam.runners.runner import Runner
from ferbeam.settings import PrepareSettings
from ferbeam.training.data_folder import (
    SKIPPED_FILE,
    check_data,
    claim_data,
    counts_path,
    end_data,
    list_labelled,
    read_progress,
    tidy_data,
)

EMOTION_FOLDERS = f"folders named {', '.join(NAMES)}"


@dataclass(frozen=True)
class PrepareRequest:
    """What the command line asks for.

    Attributes:
        input: folder, glob or URI with labelled pictures.
        data: where the labelled faces go.
        cropped: the pictures are cropped faces already.
        valid_share: share of the training pictures for `valid`, where INPUT has no such folder.
        detector: settings of the face detector, and its model file, None for one without.
        runner: where it runs.
        overwrite: replaces what an earlier run wrote.
    """

    input: str
    data: Folder
    cropped: bool
    valid_share: float
    detector: tuple[DetectorSettings, str | None]
    runner: Runner
    overwrite: bool = False


def run_prepare(request: PrepareRequest, console: Console, job: Job) -> int:
    """Prepares the labelled faces and shows what became of every picture.

    Returns:
        The number of things in INPUT that could not be used, apart from pictures without a face.

    Raises:
        UsageError: INPUT does not exist, or mixes two layouts; or DATA is not ours, or one lies in
            the other.
        SettingsError: DATA holds files.
        DataError: an emotion has no picture in `train`, or `valid` would be empty.
        FerError: the job failed.
    """
    check_data(request.input, request.data)
    media, unlisted = _list_input(request.input)
    settings = _settings_for(request, [medium.name for medium in media])
    options = request.runner.options(count_parts(media))
    if excess := request.runner.describe_excess(count_parts(media)):
        console.print(f"warning: {excess}", style="yellow", soft_wrap=True)
    claim_data(request.data, request.overwrite)
    total = len(media) + unlisted
    try:
        job.order(asdict(settings), options)
        _watch_job(job, settings, request, total, console)
        counts = _read_counts(counts_path(request.data, settings.run_id), request.data, total)
        end_data(request.data)
    finally:
        cancel_job(options)
        tidy_data(request.data, settings.run_id)
    _print_counts(counts, console)
    if not is_trainable(counts):
        raise DataError(_why_untrainable(counts, request))
    if not request.cropped and _total(counts, "no_face") > sum(_total(counts, p) for p in PARTS):
        console.print("most show no face: if they are cropped faces already, add --cropped")
    console.print(f"data: {escape(request.data.root)}", soft_wrap=True)
    return sum(_total(counts, reason) for reason in LEFT_OUT if reason != "no_face")


def _list_input(source: str) -> tuple[list[Medium], int]:
    """Lists INPUT once, before anything is done; returns the files and the number of failures."""
    listed = list(list_labelled(source))
    media = [found for found in listed if not isinstance(found, Failure)]
    names = [medium.name for medium in media]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UsageError(f"INPUT: two pictures would both be named {twice[0]}; rename one")
    if not any(label_of(name) for name in names):
        raise DataError(
            f"INPUT {source}: holds no picture of an emotion; "
            f"{EMOTION_FOLDERS} are needed, or train/ and valid/ with these"
        )
    return media, len(listed) - len(media)


def _settings_for(request: PrepareRequest, names: list[str]) -> PrepareSettings:
    """Finds out the layout of INPUT, and whether every emotion is there before time is spent."""
    labelled = [(name, label) for name in names if (label := label_of(name))]
    in_parts = [name for name, _ in labelled if name.partition("/")[0] in PARTS]
    if 0 < len(in_parts) < len(labelled):
        direct = next(name for name, _ in labelled if name not in set(in_parts))
        raise UsageError(
            f"INPUT {request.input}: mixes two layouts, {in_parts[0]} and {direct}; "
            "either all emotions lie in train/, valid/ and test/, or none"
        )
    there = {label.emotion for _, label in labelled if label.part == "train"}
    missing = [name for index, name in enumerate(NAMES) if index not in there]
    if missing:
        where = "train/" if in_parts else ""
        raise DataError(
            f"train: no picture of {', '.join(missing)}; every emotion needs some, "
            f"here in {request.input.rstrip('/')}/{where}{missing[0]}/"
        )
    own_valid = any(label.part == "valid" for _, label in labelled)
    local = "://" not in request.input
    return PrepareSettings(
        input=os.path.abspath(request.input) if local else request.input,
        data=request.data.root,
        cropped=request.cropped,
        valid_share=0.0 if own_valid else request.valid_share,
        detector=request.detector[0],
        detector_model=request.detector[1],
        run_id=uuid.uuid4().hex[:12],
    )


def _watch_job(
    job: Job, settings: PrepareSettings, request: PrepareRequest, total: int, console: Console
) -> None:
    """Waits for the job; shows a bar on a terminal, one line elsewhere."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or not request.data.is_local,
    )
    if bar.disable:
        console.print(f"{total:,} pictures to prepare")
    task = bar.add_task("preparing", total=total)
    with bar:
        run_job(
            job,
            lambda: bar.update(task, completed=read_progress(request.data, settings.run_id)),
        )


def _read_counts(path: str, data: Folder, listed: int) -> Counts:
    """Reads what the job has counted, and checks that every listed picture is in it."""
    counts: Counts | None = data.read_json(path)
    if counts is None:
        raise FerError("the job ended without a result: run the same command again")
    found = sum(_total(counts, outcome) for outcome in counts)
    if found != listed:
        raise FerError(
            f"{listed} pictures were listed, {found} prepared or left out: "
            "INPUT changed during the run; run the same command again with --overwrite"
        )
    return counts


def _total(counts: Counts, outcome: str) -> int:
    return sum(counts[outcome].values())


def _print_counts(counts: Counts, console: Console) -> None:
    """Prints a row per emotion: the pictures used in each part, and those left out."""
    shown = [name for name in counts if name in PARTS[:2] or _total(counts, name)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("emotion")
    for name in shown:
        table.add_column(name.replace("_", " "), justify="right")
    for emotion in (*NAMES, NO_EMOTION):
        cells = [counts[name][emotion] for name in shown]
        if emotion != NO_EMOTION or any(cells):
            table.add_row(emotion, *(f"{cell:,}" for cell in cells))
    table.add_row("all", *(f"{_total(counts, name):,}" for name in shown), style="bold")
    console.print(table)
    left_out = sum(_total(counts, reason) for reason in LEFT_OUT)
    if left_out:
        console.print(f"{left_out:,} left out, listed in {SKIPPED_FILE}", style="yellow")


def _why_untrainable(counts: Counts, request: PrepareRequest) -> str:
    """Says what is missing from the faces that were found, and what to do."""
    missing = missing_emotions(counts)
    way_out = f"add pictures ({SKIPPED_FILE} in {request.data.root} names those left out)"
    if _total(counts, "no_face") and not request.cropped:
        way_out += ", or --cropped if they are cropped faces already"
    if not any(_total(counts, part) for part in PARTS):
        return f"INPUT {request.input}: no picture can be used; {way_out}"
    if missing:
        return f"train: no picture of {', '.join(missing)} can be used; {way_out}"
    return f"valid: no picture can be used; {way_out}, or raise --valid-share"
