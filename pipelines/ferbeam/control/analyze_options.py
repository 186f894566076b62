"""The options of an analysis as typed values, with their defaults and what they may be."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

from fer_core.errors import UsageError
from fer_core.media import escape_name
from fer_core.prior import DEFAULT_PRIOR, PRIORS
from ferbeam.runners.capacity import fitting_workers

DETECTORS = ("yunet", "haar")
ENGINES = ("litert", "tensorflow")
PRIOR_NAMES = PRIORS
OVERLAYS = ("emoji", "cover", "box", "none")
LANGUAGES = ("en", "fr")
CHOICES = {
    "detector": DETECTORS,
    "engine": ENGINES,
    "prior": PRIOR_NAMES,
    "overlay": OVERLAYS,
    "lang": LANGUAGES,
}
HIGHEST_RATE = 1000
WORST_QUALITY = 51
LOWEST = {
    "redetect_ms": 1,
    "span_s": 0.1,
    "video_quality": 0,
    "people": 1,
    "workers": 1,
    "max_pixels": 1,
}


PLACES = ("input", "output", "detector_model", "model", "avatars", "metrics")
"""Options that are paths, in which `~` is the home folder."""


GLOBS = ("include", "exclude")


@dataclass(frozen=True, kw_only=True)
class AnalyzeOptions:
    """What `ferbeam analyze` and `ferbeam.analyze` can be told; their help says what each means.

    Attributes:
        sample_fps: None for every frame.

    Raises:
        UsageError: a value cannot be.
    """

    input: str
    output: str
    sample_fps: Fraction | None = Fraction(10)
    detector: str = DETECTORS[0]
    detector_model: str | None = None
    redetect_ms: int | None = None
    model: str | None = None
    engine: str = "litert"
    prior: str = DEFAULT_PRIOR
    span_s: float = 10.0
    people: int | None = None
    overlay: str = "emoji"
    avatars: str | None = None
    lang: str = "en"
    video_quality: int = 23
    runner: str = "local"
    workers: int = field(default_factory=fitting_workers)
    max_pixels: int = 100_000_000
    overwrite: bool = False
    prune: bool = False
    retry_failures: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    input_list: bool = False
    input_moved: bool = False
    metrics: str | None = None
    beam_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            object.__setattr__(self, name, _known_choice(name, getattr(self, name), known))
        for name, least in LOWEST.items():
            _check_lowest(name, getattr(self, name), least)
        for name in GLOBS:
            object.__setattr__(self, name, _shown_globs(name, getattr(self, name)))
        for name in PLACES:
            if (place := getattr(self, name)) is not None:
                object.__setattr__(self, name, os.path.expanduser(place))
        if self.video_quality > WORST_QUALITY:
            raise UsageError(f"video_quality {self.video_quality}: at most {WORST_QUALITY}")

    def words(self) -> list[str]:
        """Returns the words after `ferbeam` that ask for the same, without what is a default."""
        plain = AnalyzeOptions(input=self.input, output=self.output)
        words = ["analyze", _argument(self.input), _argument(self.output)]
        for name in (each.name for each in fields(self) if each.name != "beam_options"):
            if getattr(self, name) != getattr(plain, name):
                words += _option(name, getattr(self, name))
        return [*words, *(("--", *self.beam_options) if self.beam_options else ())]


def _known_choice(name: str, value: object, known: tuple[str, ...]) -> str:
    """Returns a choice as it is known: `FR` is `fr`."""
    plain = str(value).lower()
    if plain not in known:
        raise UsageError(f"{name} {value!r}: is unknown, use one of {', '.join(known)}")
    return plain


def _shown_globs(name: str, globs: tuple[str, ...]) -> tuple[str, ...]:
    """Returns globs as the names of media are shown: `%XX` for bytes that are not UTF-8."""
    if not all(glob.strip("/") for glob in globs):
        raise UsageError(f"{name} '': is no glob, such as *.gif or drafts/**")
    return tuple(map(escape_name, globs))


def _check_lowest(name: str, value: float | None, least: float) -> None:
    if value is not None and value < least:
        raise UsageError(f"{name} {value}: is too small, {least} is the least")


def _argument(path: str) -> str:
    return f"./{path}" if path.startswith("-") else path


def _option(name: str, value: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if isinstance(value, tuple):
        return [word for each in value for word in (flag, each)]
    if value is True:
        return [flag]
    return [flag, "all" if value is None else str(value)]


def sample_rate(value: str | float | Fraction) -> Fraction | None:
    """Returns frames per second as a fraction; None for `all`.

    Args:
        value: a number, also as text such as `30000/1001`, or `all`.

    Raises:
        UsageError: it is no such number, or not above 0 and up to 1000.
    """
    if value == "all":
        return None
    try:
        rate = value if isinstance(value, Fraction) else Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"'{value}' is not a number of frames per second, nor 'all'") from None
    if not 0 < rate <= HIGHEST_RATE:
        raise UsageError(f"{value} is out of range: above 0 and up to {HIGHEST_RATE}, or 'all'")
    return rate
