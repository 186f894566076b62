"""Options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from fer_core.detection.detector import DetectorSettings
    from fer_core.drawing.overlay import Lang, OverlayKind
    from ferbeam.settings import RenderSettings

Command = Callable[..., Any]

DEFAULT_QUALITY = 23


def runner_options(command: Command) -> Command:
    """Adds what says where a job runs: `--runner` and `--workers`."""
    runner = click.option(
        "--runner", default="local", show_default=True, help="local, or a Beam runner."
    )
    workers = click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=lambda: os.cpu_count() or 1,
        show_default="number of CPUs",
        help="Worker processes of the local runner.",
    )
    return runner(workers(command))


def model_options(command: Command) -> Command:
    """Adds what says which network runs, and on what: `--model` (`model_dir`) and `--engine`."""
    engine = click.option(
        "--engine",
        type=click.Choice(["litert", "tensorflow"]),
        default="litert",
        show_default=True,
        help="What runs the network.",
    )
    return model_option(engine(command))


def detector_options(command: Command) -> Command:
    """Adds what says which detector finds the faces: `--detector` and `--detector-model`."""
    detector = click.option(
        "--detector",
        type=click.Choice(["haar", "yunet"]),
        default="haar",
        show_default=True,
        help="What finds the faces.",
    )
    model = click.option(
        "--detector-model", metavar="FILE", help="The ONNX file of --detector yunet: see README."
    )
    return detector(model(command))


def avatars_option(command: Command) -> Command:
    """Adds the user's own pictures: `--avatars`."""
    return click.option(
        "--avatars",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False),
        help="Your own pictures instead of the emoji: angry.png, disgust.png, ...",
    )(command)


def lang_option(of_what: str) -> Callable[[Command], Command]:
    """Adds the language of something: `--lang`."""
    return click.option(
        "--lang",
        type=click.Choice(["en", "fr"]),
        default="en",
        show_default=True,
        help=f"Language of {of_what}.",
    )


def viewers_option(command: Command) -> Command:
    """Adds what says which videos belong together: `--viewers`."""
    return click.option(
        "--viewers",
        metavar="FILE.csv",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Columns media, offset_ms, group: which videos go together, and from when on.",
    )(command)


def model_option(command: Command) -> Command:
    """Adds what says which network runs: `--model` (`model_dir`)."""
    return click.option(
        "--model",
        "model_dir",
        type=click.Path(exists=True, file_okay=False),
        help="Model folder; without it the one that ferbeam ships.",
    )(command)


def render_options(command: Command) -> Command:
    """Adds what the copies look like: `--overlay`, `--avatars`, `--lang`, `--video-quality`."""
    overlay = click.option(
        "--overlay",
        type=click.Choice(["emoji", "cover", "box", "none"]),
        default="emoji",
        show_default=True,
        help="What the copies in annotated/ show on every face; none: no copies.",
    )
    quality = click.option(
        "--video-quality",
        metavar="CRF",
        type=click.IntRange(0, 51),
        default=DEFAULT_QUALITY,
        show_default=True,
        help="Of the annotated videos: 0 is lossless and large, 51 is worst.",
    )
    named = lang_option("the names in the copies")(quality(command))
    return overlay(avatars_option(named))


def complete_beam_options(options: dict[str, Any], places: dict[str, str]) -> tuple[str, ...]:
    """Returns the user's Beam options with what their runner needs beyond them.

    Args:
        options: those of the command: `runner` and `beam_options`.
        places: what is read and written, by the name it has in the command's help.

    Raises:
        UsageError: something that the runner needs is missing.
    """
    from ferbeam.runners import dataflow

    own: tuple[str, ...] = options["beam_options"]
    if options["runner"].lower() not in dataflow.NAMES:
        return own
    completed = dataflow.complete_options(places, own)
    dataflow.check_installed()
    return completed


def choose_rendering(
    overlay: OverlayKind | Literal["none"], lang: Lang, avatars: str | None, quality: int
) -> RenderSettings | None:
    """Checks the options of `render_options`, and loads the avatars once.

    Raises:
        UsageError: an avatar is missing or cannot be read.
    """
    from fer_core.drawing.emoji import hash_emoji, read_emoji
    from ferbeam.settings import RenderSettings

    if overlay == "none":
        return None
    folder = None if avatars is None else Path(os.path.abspath(avatars))
    read_emoji(folder)
    path = None if folder is None else str(folder)
    return RenderSettings(overlay, lang, path, hash_emoji(folder), quality)


def choose_detector(
    kind: str, model_file: str | None, redetect_ms: int | None = None
) -> tuple[DetectorSettings, str | None]:
    """Checks the options of `detector_options`, and the model file by running it once.

    Args:
        kind: `haar` or `yunet`.
        model_file: of YuNet.
        redetect_ms: how often Haar searches a frame whole, None for its own default.

    Returns:
        The settings of the detector, and the absolute path of its model file, None without one.

    Raises:
        UsageError: the two do not fit each other, or the file is no model of the detector.
    """
    from fer_core.detection.haar import HaarSettings
    from fer_core.errors import FerError, UsageError

    if kind == "haar":
        if model_file is not None:
            raise UsageError("--detector-model: goes with --detector yunet only")
        return HaarSettings() if redetect_ms is None else HaarSettings(
            redetect_ms=redetect_ms
        ), None
    if redetect_ms is not None:
        raise UsageError("--redetect-ms: goes with --detector haar; yunet searches every frame")
    if not model_file:
        raise UsageError("--detector yunet: needs --detector-model FILE; README says where from")
    from fer_core.detection.yunet import YuNetDetector, yunet_settings

    path = Path(model_file).absolute()
    try:
        settings = yunet_settings(path)
        YuNetDetector(settings, path)
    except FerError as error:
        raise UsageError(f"--detector-model {error}") from error
    return settings, str(path)
