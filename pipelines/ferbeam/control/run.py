"""Runs an analysis from the command's side: checks OUTPUT, watches the job, finishes the run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict

from fer_core.errors import FerError, UsageError
from fer_core.records import UNOPENED
from ferbeam.analysis.list_media import Listing, count_parts, list_input
from ferbeam.control.claim import claim_output, remove_stale
from ferbeam.control.disk_space import check_space
from ferbeam.control.place_copies import place_copies
from ferbeam.control.pool_check import check_workers
from ferbeam.control.progress import AllProgress, Progress
from ferbeam.control.progress_files import MetricsFile, ProgressFile
from ferbeam.control.request import AnalysisRequest
from ferbeam.control.retry import forget_failures
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.commit_watch import watch_commits
from ferbeam.output.costs import Clock, describe_costs
from ferbeam.output.folder import Output
from ferbeam.output.lock import locked
from ferbeam.output.ownership import check_folder, claim_folder
from ferbeam.output.read_tables import read_tables
from ferbeam.output.run_facts import describe_run, gather_tables
from ferbeam.output.run_file import Listed, Run, write_run
from ferbeam.output.start_marks import StartMarks
from ferbeam.runners.dataflow import ends_without_result
from ferbeam.runners.flink import cancel_job
from ferbeam.runners.job_process import Job, WorkerLostError, run_job
from ferbeam.stores.overlap import refuse_listed, refuse_overlap

MOST_IN_VAIN = 3
"""Workers that may be lost one after the other without having begun anything new."""


def run_analysis(request: AnalysisRequest, progress: Progress, job: Job) -> Run | None:
    """Lets the job run to its end and returns what `run.json` holds; None of one only checked.

    Raises:
        UsageError: INPUT does not exist or holds no media; OUTPUT is not ours, or one lies in the
            other.
        SettingsError: OUTPUT belongs to other settings or another INPUT.
        TryLaterError: OUTPUT is being written, its disk is full, or a store cannot be reached.
        FerError: the cluster or its workers cannot do it, or the job failed; what it has
            committed is kept.
    """
    if any("\udc80" <= letter <= "\udcff" for letter in request.output.root):
        # Arrow and FFmpeg could not write there.
        raise UsageError(f"OUTPUT {request.output.root}: its path is not UTF-8; choose another")
    refuse_overlap(request.input, request.output.root, "OUTPUT")
    check_folder(request.output, OUTPUT)
    listing = list_input(request.input, request.settings.picks)
    refuse_listed(request.input, (one.path for one in listing.media), request.output.root)
    claim_folder(request.output, OUTPUT)
    with locked(request.output):
        files: list[Progress] = [ProgressFile(request.output, request.settings.run_id)]
        if request.metrics is not None:
            files.append(MetricsFile(request.metrics, request.settings.run_id))
        told = AllProgress([progress, *files])
        try:
            run = _run_locked(request, told, job, listing)
        except BaseException as error:
            told.ended(None, error)
            raise
        told.ended(run, None)
        return run


def _run_locked(
    request: AnalysisRequest, progress: Progress, job: Job, listing: Listing
) -> Run | None:
    """Runs the job in an OUTPUT that nobody else writes into."""
    parts = count_parts(listing.media)
    options = request.runner.options(parts)
    _begin(request, progress, listing, options)
    if excess := request.runner.describe_excess(parts):
        progress.note(f"warning: {excess}")
    _run_job(request, progress, job, options)
    if ends_without_result(request.runner.extra):
        return None
    return _finish(request, job, listing, request.runner.used_workers(parts))


def _begin(
    request: AnalysisRequest, progress: Progress, listing: Listing, options: list[str]
) -> None:
    """Checks the workers, OUTPUT and the disk, before anything is done."""
    names, renders = {medium.name for medium in listing.media}, request.settings.render is not None
    check_workers(request, options)
    claim_output(request, names)
    if request.retry_failures:
        forget_failures(request.output)
    if renders:
        check_space(request.output, listing.media)
    progress.start(watch_commits(request.output), len(names), renders)


def _finish(request: AnalysisRequest, job: Job, listing: Listing, workers: int | None) -> Run:
    """Checks what the job has gathered, writes `run.json`, and removes what is of no use now."""
    ended, output = time.time(), request.output
    path = output.path(".spans", f"run-{request.settings.run_id}.json")
    result = output.read_json(path)
    if result is None:
        raise FerError("the job ended without a result: run the same command again to go on")
    tables = gather_tables(result["parts"])
    _check_run(output, tables, len(listing.media) + len(listing.failures))
    clock = Clock(job.began, job.ordered, result["built"], result["gathered"], ended, time.time())
    costs = describe_costs(result["costs"], result["earlier"], clock, workers)
    settings = request.settings
    told = {
        "render": settings.render and asdict(settings.render),
        "span_s": settings.span_s,
        "people": settings.people,
        "left_out": dict(listing.left_out),
    }
    run = describe_run(
        request.command, request.belongs_to(), request.card, job.began, tables, **told, **costs
    )
    place_copies(output, run, ((part["group"], part["copies_key"]) for part in result["parts"]))
    write_run(output, run)
    remove_stale(output, run)
    output.remove(path)
    return run


def _run_job(request: AnalysisRequest, progress: Progress, job: Job, options: list[str]) -> None:
    """Runs the job; one that loses a worker is started again, as long as that gets it further.

    Raises:
        FerError: the job failed, or lost its workers without getting any further.
    """
    order = request.settings.to_dict(), options
    marks, before, in_vain = StartMarks(request.output), set[str](), 0
    try:
        while True:
            try:
                job.order(*order)
                run_job(job, progress.update)
            except WorkerLostError as error:
                cancel_job(options)
                # Each loss leaves a mark where there was none: what has one is read apart.
                begun = marks.begun()
                new = {begun[key] for key in begun.keys() - before}
                in_vain = 0 if new else in_vain + 1
                if in_vain == MOST_IN_VAIN:
                    raise
                before = set(begun)
                apart = f", with {_name_some(new)} apart" if new else ""
                progress.note(f"{error.lost}; going on{apart}")
                job = Job("analyze")
            else:
                return
    finally:
        cancel_job(options)
        request.output.remove_attempts()
        progress.stop()


def _name_some(media: Iterable[str]) -> str:
    """Names a few media."""
    names = sorted(set(media))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _check_run(output: Output, run: Listed, listed: int) -> None:
    """Checks that every listed medium is accounted for, and every face and frame counted."""
    media = read_tables(output, run, "media")
    failures = read_tables(output, run, "failures")
    unopened = sum(stage in UNOPENED for stage in failures["stage"].to_pylist())
    if media.num_rows + unopened != listed:
        raise FerError(
            f"{listed} media were listed, {media.num_rows} analysed and {unopened} failed: "
            "INPUT changed during the run; run the same command again"
        )
    for table, column in (("frames", "frames_sampled"), ("faces", "face_count")):
        counted = sum(media[column].to_pylist())
        if run.rows[table] != counted:
            raise FerError(f"{run.rows[table]} rows in {table}, media count {counted}")
