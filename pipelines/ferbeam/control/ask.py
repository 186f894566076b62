"""From the options of an analysis to what is asked of the job: all that can be checked is."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fer_core.detection.detector_settings import DEFAULT, HAAR, DetectorSettings
from fer_core.errors import FerError, UsageError
from fer_core.model import ModelCard, find_model_dir, load_card
from ferbeam.control.request import AnalysisRequest
from ferbeam.runners.dataflow import ends_without_result
from ferbeam.runners.runner import choose_runner
from ferbeam.settings import AnalyzeSettings, Picks, RenderSettings, RowSettings
from ferbeam.stores import is_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fer_core.drawing.overlay import Lang, OverlayKind
    from ferbeam.control.analyze_options import AnalyzeOptions


def ask_analysis(options: AnalyzeOptions, command: Sequence[str]) -> AnalysisRequest:
    """Checks the options against the machine, and says what they ask for.

    Args:
        options: of the analysis.
        command: the words of the command that asks for it, without `ferbeam`.

    Raises:
        UsageError: they do not fit each other, or something that they need is missing.
        ModelError: the model folder cannot be used.
    """
    if options.engine == "tensorflow" and find_spec("tensorflow") is None:
        raise UsageError("engine tensorflow: is not installed; pip install 'ferbeam[train]'")
    card = load_card(find_model_dir(options.model))
    rows, detector_model = _ask_rows(options, card)
    places = {"INPUT": options.input, "OUTPUT": options.output}
    settings = AnalyzeSettings(
        input=options.input if is_uri(options.input) else os.path.abspath(options.input),
        output=options.output,
        rows=rows,
        span_s=options.span_s,
        people=options.people,
        model_dir=None if options.model is None else os.path.abspath(options.model),
        detector_model=detector_model,
        render=choose_rendering(options),
        run_id=uuid.uuid4().hex[:12],
        picks=Picks(options.include, options.exclude, options.input_list),
        began=time.time(),
        listed=not ends_without_result(options.beam_options),
    )
    return AnalysisRequest(
        settings,
        card,
        runner=choose_runner(options.runner, options.workers, options.beam_options, places),
        command=tuple(command),
        overwrite=options.overwrite,
        prune=options.prune,
        retry_failures=options.retry_failures,
        input_moved=options.input_moved,
        metrics=None if options.metrics is None else os.path.abspath(options.metrics),
    )


def _ask_rows(options: AnalyzeOptions, card: ModelCard) -> tuple[RowSettings, str | None]:
    """Returns the settings that change rows, and the model file of the detector."""
    chosen = choose_detector(options.detector, options.detector_model, options.redetect_ms)
    rows = RowSettings.of_model(
        card,
        options.engine,
        options.prior,
        detector=chosen[0],
        sample_fps=options.sample_fps,
        max_pixels=options.max_pixels,
    )
    return rows, chosen[1]


def choose_rendering(options: AnalyzeOptions) -> RenderSettings | None:
    """Says what the copies look like, and loads the avatars once; None for no copies.

    Raises:
        UsageError: an avatar is missing or cannot be read.
    """
    if options.overlay == "none":
        return None
    from fer_core.drawing.emoji import hash_emoji, read_emoji

    folder = None if options.avatars is None else Path(os.path.abspath(options.avatars))
    read_emoji(folder)
    return RenderSettings(
        cast("OverlayKind", options.overlay),
        cast("Lang", options.lang),
        None if folder is None else str(folder),
        hash_emoji(folder),
        options.video_quality,
    )


def choose_detector(
    kind: str, model_file: str | None, redetect_ms: int | None = None
) -> tuple[DetectorSettings, str | None]:
    """Checks what says which detector finds the faces, and the model file by running it once.

    Args:
        kind: `haar` or `yunet`.
        model_file: of YuNet, None for the one that is installed.
        redetect_ms: how often a frame is searched whole, None for the detector's own default.

    Returns:
        The settings of the detector, and the absolute path of its model file, None without one.

    Raises:
        UsageError: the two do not fit each other, or the file is no model of the detector.
    """
    if kind == "haar":
        if model_file is not None:
            raise UsageError("--detector-model: goes with --detector yunet only")
        return _with_redetect(HAAR, redetect_ms), None
    if model_file is None:
        return _with_redetect(DEFAULT, redetect_ms), None
    if not model_file:
        raise UsageError("--detector-model: needs a FILE")
    if os.path.exists(model_file) and not os.path.isfile(model_file):  # a pipe would be waited for
        raise UsageError(f"--detector-model {model_file}: is no file, an ONNX file is needed")
    settings, file = _try_yunet(Path(model_file).absolute())
    return _with_redetect(settings, redetect_ms), file


def _with_redetect(settings: DetectorSettings, redetect_ms: int | None) -> DetectorSettings:
    return settings if redetect_ms is None else replace(settings, redetect_ms=redetect_ms)


def _try_yunet(path: Path) -> tuple[DetectorSettings, str]:
    from fer_core.detection.detector import load_detector
    from fer_core.detection.yunet_file import read_yunet

    try:
        settings = replace(DEFAULT, model_sha256=read_yunet(path)[1])
        load_detector(settings, str(path))
    except FerError as error:
        raise UsageError(f"--detector-model {error}") from error
    return settings, str(path)
