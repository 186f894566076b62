"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ferbeam.control.analyze_options import (
    DETECTORS,
    ENGINES,
    LANGUAGES,
    OVERLAYS,
    PRIOR_NAMES,
    WORST_QUALITY,
    AnalyzeOptions,
)
from ferbeam.runners.capacity import fitting_workers

Command = Callable[..., Any]


def runner_options(command: Command) -> Command:
    """Adds what says where a job runs: `--runner` and `--workers`."""
    runner = click.option(
        "--runner",
        default=AnalyzeOptions.runner,
        show_default=True,
        help="local, or a Beam runner.",
    )
    workers = click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=fitting_workers,
        show_default="as many as there are usable CPUs and memory for",
        help="Worker processes of the local runner.",
    )
    return runner(workers(command))


def model_options(command: Command) -> Command:
    """Adds what says which network runs, and on what: `--model` and `--engine`."""
    engine = click.option(
        "--engine",
        type=click.Choice(ENGINES, case_sensitive=False),
        default=AnalyzeOptions.engine,
        show_default=True,
        help="What runs the network.",
    )
    return model_option(engine(command))


def detector_options(command: Command) -> Command:
    """Adds what says which detector finds the faces: `--detector` and `--detector-model`."""
    detector = click.option(
        "--detector",
        type=click.Choice(DETECTORS, case_sensitive=False),
        default=AnalyzeOptions.detector,
        show_default=True,
        help="What finds the faces.",
    )
    model = click.option(
        "--detector-model", metavar="FILE", help="Another ONNX file for --detector yunet."
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
        type=click.Choice(LANGUAGES, case_sensitive=False),
        default=AnalyzeOptions.lang,
        show_default=True,
        help=f"Language of {of_what}.",
    )


def _list_option(flag: str, says: str) -> Callable[[Command], Command]:
    """Adds a list of the user's, a CSV file."""
    path = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option(flag, metavar="FILE.csv", type=path, help=says)


def viewers_option(command: Command) -> Command:
    """Adds what says which videos belong together: `--viewers`."""
    return _list_option(
        "--viewers",
        "Which videos are watched by whom (columns media, viewer, viewer_group), from when on "
        "(offset_ms), and the medium that shows the viewer at rest (rest). OUTPUT remembers it; "
        "`ferbeam viewers OUTPUT` writes one to fill in.",
    )(command)


def markers_option(command: Command) -> Command:
    """Adds what was shown when: `--markers`."""
    return _list_option(
        "--markers",
        "Stretches of the stimulus: columns name, start_ms, end_ms, condition. OUTPUT "
        "remembers it.",
    )(command)


def corrections_option(command: Command) -> Command:
    """Adds who is named or left out by hand: `--corrections`."""
    return _list_option(
        "--corrections",
        "People who are named or left out: columns media, person_id, name, excluded, as the "
        "report's page saves them. OUTPUT remembers it.",
    )(command)


def clear_option(command: Command) -> Command:
    """Adds what leaves out faces that are not seen well: `--only-clear`."""
    return click.option(
        "--only-clear",
        is_flag=True,
        help="Leave faces that are blurred, or turned aside by more than 30 degrees, out of the "
        "views, and say how many they are.",
    )(command)


def baseline_option(command: Command) -> Command:
    """Adds when faces are at rest, for the view `calibrated`: `--baseline-ms`."""
    return click.option(
        "--baseline-ms",
        metavar="FROM TO",
        type=(click.IntRange(min=0), click.IntRange(min=0)),
        help="When the faces of every video are at rest, for the view calibrated; without it, each "
        "person is taken to be so in the quietest samples.",
    )(command)


def study_options(command: Command) -> Command:
    """Adds all that the views are asked with: the fields of `Study`."""
    for add in (
        *(clear_option, baseline_option, corrections_option),
        *(markers_option, viewers_option),
    ):
        command = add(command)
    return command


def model_option(command: Command) -> Command:
    """Adds what says which network runs: `--model`."""
    return click.option(
        "--model",
        type=click.Path(exists=True, file_okay=False),
        help="Model folder; without it the one that ferbeam ships.",
    )(command)


def prior_option(command: Command) -> Command:
    """Adds how often expressions are expected: `--prior`."""
    return click.option(
        "--prior",
        type=click.Choice(PRIOR_NAMES, case_sensitive=False),
        default=AnalyzeOptions.prior,
        show_default=True,
        help="How often expressions are expected: as in the pictures that the network learnt from, "
        "mostly calm and happy; all alike; or, web, half way.",
    )(command)


def render_options(command: Command) -> Command:
    """Adds what the copies look like: `--overlay`, `--avatars`, `--lang`, `--video-quality`."""
    overlay = click.option(
        "--overlay",
        type=click.Choice(OVERLAYS, case_sensitive=False),
        default=AnalyzeOptions.overlay,
        show_default=True,
        help="What the copies in annotated/ show on every face; none: no copies.",
    )
    quality = click.option(
        "--video-quality",
        metavar="CRF",
        type=click.IntRange(0, WORST_QUALITY),
        default=AnalyzeOptions.video_quality,
        show_default=True,
        help="Of the annotated videos: 0 is lossless and large, 51 is worst.",
    )
    named = lang_option("the names in the copies")(quality(command))
    return overlay(avatars_option(named))
