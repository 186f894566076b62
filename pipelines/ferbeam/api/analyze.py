"""`ferbeam.analyze`: the command of this name, called from Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from fer_core.errors import UsageError
from ferbeam.api.run import Run

if TYPE_CHECKING:
    from fractions import Fraction

    from ferbeam.control.progress import Progress

Path = str | os.PathLike[str]
Tell = Callable[[int, int, str], object]


def analyze(
    input: Path,
    output: Path,
    *,
    sample_fps: float | str | Fraction = 10,
    detector: Literal["yunet", "haar"] = "yunet",
    detector_model: Path | None = None,
    redetect_ms: int | None = None,
    model: Path | None = None,
    engine: Literal["litert", "tensorflow"] = "litert",
    prior: Literal["learnt", "web", "even"] = "web",
    span_s: float = 10.0,
    people: int | None = None,
    overlay: Literal["emoji", "cover", "box", "none"] = "emoji",
    avatars: Path | None = None,
    lang: Literal["en", "fr"] = "en",
    video_quality: int = 23,
    runner: str = "local",
    workers: int | None = None,
    max_pixels: int = 100_000_000,
    overwrite: bool = False,
    prune: bool = False,
    retry_failures: bool = False,
    include: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    input_list: bool = False,
    input_moved: bool = False,
    metrics: Path | None = None,
    beam_options: Sequence[str] = (),
    progress: bool | Tell = False,
) -> Run:
    """Analyses the media of INPUT into tables and annotated copies in OUTPUT; again, it resumes.

    The work is done in processes of its own, which end with this call however it ends. It sets no
    signal handler, so that any thread may call it, and a script needs no `if __name__` around it.

    Args:
        input: folder, glob, single picture or video, or URI.
        output: folder or URI for what is found.
        sample_fps: frames to look at per second of video, or `all`.
        detector: what finds the faces.
        detector_model: another ONNX file for `yunet`.
        redetect_ms: how often a frame is searched whole, in ms; None for the detector's own.
        model: model folder, None for the one that ferbeam ships.
        engine: what runs the model.
        prior: how often expressions are expected: as learnt, all alike (even), or half way (web).
        span_s: seconds of video in one unit of work; changes no row.
        people: how many each video shows; None joins the faces that look alike.
        overlay: what the copies show on every face; `none` for no copies.
        avatars: folder with your own pictures instead of the emoji: angry.png, disgust.png, ...
        lang: language of the names in the copies.
        video_quality: constant rate factor of the annotated videos: 0 is lossless, 51 is worst.
        runner: `local`, or a Beam runner.
        workers: processes of the local runner, None for the number of CPUs.
        max_pixels: larger pictures and frames are refused before they are decoded.
        overwrite: starts OUTPUT anew.
        prune: drops the rows of media that INPUT no longer has.
        retry_failures: reads again what could not be read.
        include: globs; only media that match one are analysed: `*.mp4`, or `camera1/**`.
        exclude: globs; media that match one, or lie in a folder that does, are left out.
        input_list: INPUT is a text file that lists the media, one path or URI a line.
        input_moved: takes INPUT for that of the earlier runs, though it lies elsewhere now.
        metrics: file that tells Prometheus how far the analysis is.
        beam_options: those of Beam, such as `--flink_master=...`.
        progress: True shows it as the command does, in a notebook too. Or a function, which is
            called with how much is done, of how much as far as that is known, and of what
            (`opening`, `analysing`, `rendering`, `writing`); what it raises ends the analysis.

    Returns:
        What was found. Media that could not be read are rows of its `failures`.

    Raises:
        UsageError: INPUT does not exist, or options that do not fit it or each other.
        SettingsError: OUTPUT holds rows of other settings.
        TryLaterError: another command writes into OUTPUT, its disk is full, or a store is away.
        ModelError: the model folder cannot be used.
        FerError: the job failed; what it has committed is kept, and the same call goes on from it.
    """
    from ferbeam.control.analyze_options import AnalyzeOptions, sample_rate
    from ferbeam.control.start import start_analysis
    from ferbeam.runners.dataflow import ends_without_result

    if sys.getfilesystemencoding().lower() != "utf-8":  # names are bytes, the tables' are UTF-8
        raise UsageError("this Python does not take names for UTF-8: start it with PYTHONUTF8=1")
    cpus = {} if workers is None else {"workers": workers}
    options = AnalyzeOptions(
        input=os.fspath(input),
        output=os.fspath(output),
        sample_fps=sample_rate(sample_fps),
        detector=detector,
        detector_model=_text(detector_model),
        redetect_ms=redetect_ms,
        model=_text(model),
        engine=engine,
        prior=prior,
        span_s=span_s,
        people=people,
        overlay=overlay,
        avatars=_text(avatars),
        lang=lang,
        video_quality=video_quality,
        runner=runner,
        max_pixels=max_pixels,
        overwrite=overwrite,
        prune=prune,
        retry_failures=retry_failures,
        include=_globs(include),
        exclude=_globs(exclude),
        input_list=input_list,
        input_moved=input_moved,
        metrics=_text(metrics),
        beam_options=tuple(beam_options),
        **cpus,
    )
    if ends_without_result(options.beam_options):
        raise UsageError("beam_options: they only check the job; `ferbeam analyze` can do that")
    facts = start_analysis(options, options.words(), partial(_make_progress, progress))
    assert facts is not None  # of a job that is only checked: refused above
    return Run(options.output, facts)


def _text(path: Path | None) -> str | None:
    return None if path is None else os.fspath(path)


def _globs(globs: str | Sequence[str]) -> tuple[str, ...]:
    return (globs,) if isinstance(globs, str) else tuple(globs)


def _make_progress(progress: bool | Tell) -> Progress:
    """Makes what is told how far the analysis is."""
    if progress is True:
        from rich.console import Console

        from ferbeam.terminal.progress import ShownProgress

        return ShownProgress(Console())
    from ferbeam.control.told_progress import ToldProgress

    return ToldProgress(progress or None)
