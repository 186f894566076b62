"""Runs an analysis from the command's side: checks OUTPUT, watches the job, finishes the run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import Any

from fer_core.errors import FerError
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import Listing, count_parts, medium_of
from ferbeam.control.claim import Held, claim_output
from ferbeam.control.disk_space import check_space
from ferbeam.control.list_request import list_request
from ferbeam.control.pool_check import check_workers
from ferbeam.control.progress import AllProgress, Progress
from ferbeam.control.progress_files import metrics_file, progress_file
from ferbeam.control.request import AnalysisRequest
from ferbeam.control.retry import forget_failures
from ferbeam.control.sort_out import find_lost_copies, forget_left, sort_out
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.commit_watch import watch_commits
from ferbeam.output.costs import Clock, describe_costs, sum_costs
from ferbeam.output.finish_tables import gather_parts, merge_costs, put_run
from ferbeam.output.folder import Output
from ferbeam.output.gather_run import gather_nothing
from ferbeam.output.listed_media import read_result, write_listed
from ferbeam.output.lock import locked
from ferbeam.output.lost_lock import check_lock
from ferbeam.output.ownership import claim_folder
from ferbeam.output.run_facts import describe_run
from ferbeam.output.run_file import Run
from ferbeam.output.start_marks import StartMarks
from ferbeam.output.write_part import write_part
from ferbeam.runners.flink import cancel_job
from ferbeam.runners.job_process import Job, WorkerLostError, run_job

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
    listing = list_request(request)
    claim_folder(request.output, OUTPUT)
    with locked(request.output):
        files: list[Progress] = [progress_file(request.output, request.settings.run_id)]
        if request.metrics is not None:
            files.append(metrics_file(request.metrics, request.settings.run_id))
        told = AllProgress([progress, *files])
        try:
            run = _run_locked(request, told, job, listing)
        except BaseException as error:
            told.ended(None, error)
            if isinstance(error, FerError):  # perhaps for another command has taken OUTPUT over
                check_lock(request.output.root)
            raise
        told.ended(run, None)
        return run


def _run_locked(
    request: AnalysisRequest, progress: Progress, job: Job, listing: Listing
) -> Run | None:
    """Runs the job in an OUTPUT that nobody else writes into."""
    # Before anything is written: a cluster that does not answer leaves OUTPUT as it was.
    check_workers(request, request.runner.options(count_parts(listing.media)))
    if not request.settings.listed:
        return _check_only(request, progress, job, listing)
    held = claim_output(request, {medium.name for medium in listing.media})
    listed = sort_out(request, listing, held.known, _list_redone(request, held))
    forget_left(request.output, held.known, listed)
    write_listed(request.output, request.settings.run_id, listed)
    todo = [medium_of(medium) for medium in listed.media if medium.todo]
    workers = _run_todo(request, progress, job, todo)
    return _finish(request, job, (held.run, listing, bool(todo)), workers)


def _check_only(
    request: AnalysisRequest, progress: Progress, job: Job, listing: Listing
) -> Run | None:
    """Lets Beam check the job, or write it down, without anything being run."""
    claim_output(request, {medium.name for medium in listing.media})
    progress.start(watch_commits(request.output), len(listing.media), False)
    _run_job(request, progress, job, request.runner.options(count_parts(listing.media)))
    return None


def _list_redone(request: AnalysisRequest, held: Held) -> set[str]:
    """Names the media that are to be done though they are unchanged, and forgets their failures."""
    if held.run is None or not held.known:
        return set()
    redone = set[str]()
    if request.settings.render is not None:
        redone.update(find_lost_copies(request.output, held.run))
    if request.retry_failures:
        redone |= forget_failures(request.output, held.run, held.known)
    return redone


def _run_todo(
    request: AnalysisRequest, progress: Progress, job: Job, todo: list[Medium]
) -> int | None:
    """Runs the job for the media that have to be done; returns the number of its workers.

    Where there is none, the tables are finished here: rows may have to go, and failures to be told.
    """
    output, run_id = request.output, request.settings.run_id
    parts = count_parts(todo)
    renders = request.settings.render is not None
    if not todo:
        job.stop()
        progress.start(watch_commits(output), 0, renders)
        progress.stop()
        numbers = gather_nothing(output, run_id)
        for number in numbers:
            write_part(output, number)
        return 0
    options = request.runner.options(parts)
    if renders:
        check_space(output, todo)
    progress.start(watch_commits(output), len(todo), renders)
    if excess := request.runner.describe_excess(parts):
        progress.note(f"warning: {excess}")
    _run_job(request, progress, job, options)
    return request.runner.used_workers(parts)


def _finish(
    request: AnalysisRequest,
    job: Job,
    done: tuple[Run | None, Listing, bool],
    workers: int | None,
) -> Run:
    """Checks what the job has gathered, puts it in place, and removes what is of no use now.

    Args:
        request: the run.
        job: its process, which has ended.
        done: the finished run before it, what was listed, and whether there was anything to do.
        workers: number of worker processes, None if a runner decides on it.
    """
    ended, output, settings = time.time(), request.output, request.settings
    before, listing, any_todo = done
    result = read_result(output, settings.run_id)
    if result is None:
        raise FerError("the job ended without a result: run the same command again to go on")
    listed = len(listing.media) + len(listing.failures)
    tables = gather_parts(output, before, result["parts"], listed)
    clock = Clock(job.began, job.ordered, result["built"], result["gathered"], ended, time.time())
    spent = sum_costs([result["costs"], merge_costs(output, result["parts"])])
    costs = describe_costs(spent, result["earlier"], clock, workers)
    told: dict[str, Any] = {
        "render": settings.render and asdict(settings.render),
        "span_s": settings.span_s,
        "people": settings.people,
        "left_out": dict(listing.left_out),
        "run_id": settings.run_id,
    }
    run = describe_run(
        request.command, request.belongs_to(), request.card, job.began, tables, **told, **costs
    )
    changed = any_todo or result["parts"]
    put_run(output, before, run, result["copies"] if changed else None)
    output.remove_attempts()
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
                run_job(job, partial(_go_on, request.output, progress))
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
        progress.stop()
        request.output.remove_attempts()


def _go_on(output: Output, progress: Progress) -> None:
    """Tells how far a job is; ends it where another command has taken OUTPUT over."""
    check_lock(output.root)
    progress.update()


def _name_some(media: Iterable[str]) -> str:
    """Names a few media."""
    names = sorted(set(media))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
