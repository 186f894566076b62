"""What a run of the analysis is to do; known to the command and to the job, so without Beam."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from fer_core.detection.detector_settings import DetectorSettings
from fer_core.prior import LEARNT

if TYPE_CHECKING:
    from fer_core.drawing.overlay import Lang, OverlayKind
    from fer_core.model import ModelCard


@dataclass(frozen=True)
class RowSettings:
    """Everything besides the media that changes rows. One OUTPUT holds rows of one of these.

    Attributes:
        sample_fps: frames per second that are looked at, None for every frame.
        detector: settings of the face detector.
        engine: `litert` or `tensorflow`.
        model_sha256: sha256 of the model file that the engine reads.
        temperature: what the model's logits are divided by.
        preprocessing: name of the function between crops and network.
        max_pixels: larger pictures and frames are refused.
        prior: how often emotions are expected, one of PRIORS.
        prior_factors: what the scores are multiplied by for that, from the model's card.
    """

    sample_fps: Fraction | None
    detector: DetectorSettings
    engine: str
    model_sha256: str
    temperature: float
    preprocessing: str
    max_pixels: int
    prior: str = LEARNT
    prior_factors: tuple[float, ...] = ()

    @classmethod
    def of_model(cls, card: ModelCard, engine: str, prior: str, **others: Any) -> RowSettings:
        """Builds the settings from what the card of a model says, and all others."""
        others |= {"temperature": card.temperature, "preprocessing": card.preprocessing}
        others |= {"prior": prior, "prior_factors": card.factors_for(prior)}
        return cls(engine=engine, model_sha256=card.sha256_for(engine), **others)

    def flat(self) -> dict[str, Any]:
        """Returns the settings with dotted names, for comparing and showing."""
        values = self.to_dict()
        detector = values.pop("detector")
        kind = detector.pop("kind")
        inner = {f"detector.{name}": value for name, value in detector.items()}
        inner["prior.factors"] = " ".join(map(str, values.pop("prior_factors")))
        return {**values, "detector": kind, **inner}

    def detector_sha256(self) -> str:
        """Returns what stands for the detector: its kind, its files and all that it was told."""
        told = json.dumps(asdict(self.detector), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as plain values for JSON."""
        rate = "all" if self.sample_fps is None else str(self.sample_fps)
        return {**asdict(self), "sample_fps": rate}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RowSettings:
        """Builds the settings from what `to_dict` made of them."""
        rate = None if values["sample_fps"] == "all" else Fraction(values["sample_fps"])
        detector = DetectorSettings(**values["detector"])
        factors = tuple(values["prior_factors"])
        own = {"sample_fps": rate, "detector": detector, "prior_factors": factors}
        return cls(**{**values, **own})


Origin = dict[str, Any]
"""The columns of `media` that tell where its rows come from."""


def origin_of(run_id: str, began: float, rows: RowSettings) -> Origin:
    """Returns what `media` tells of where its rows come from.

    Args:
        run_id: names the run.
        began: when it began, in seconds since 1970.
        rows: the settings that change rows.
    """
    return {
        "run_id": run_id,
        "analysed_at": datetime.fromtimestamp(int(began), timezone.utc).replace(tzinfo=None),
        "model": rows.model_sha256,
        "detector": rows.detector_sha256(),
    }


@dataclass(frozen=True)
class Told:
    """What the rows of a medium hold beside what is found in it.

    Attributes:
        people: how many each video shows, None where that is not known.
        origin: the columns of `media` that tell where its rows come from.
    """

    people: int | None
    origin: Origin


RENDER_VERSION = 6
"""Changes whenever the same tracks and settings come out drawn or encoded in another way."""


@dataclass(frozen=True)
class RenderSettings:
    """What the annotated copies look like. Other ones keep the rows and remake the copies.

    Attributes:
        overlay: `emoji`, `cover` or `box`.
        lang: `en` or `fr`.
        avatars: folder with a picture for each emotion, None for ferbeam's own.
        avatars_sha256: of those pictures.
        quality: of H.264: its constant rate factor, lower is better.
    """

    overlay: OverlayKind
    lang: Lang
    avatars: str | None
    avatars_sha256: str
    quality: int

    def key_parts(self) -> tuple[object, ...]:
        """Returns what a copy depends on; where the avatars lie does not matter."""
        return self.overlay, self.lang, self.avatars_sha256, self.quality


@dataclass(frozen=True)
class Picks:
    """Which of the media of INPUT are analysed.

    Attributes:
        include: globs; a medium is analysed if it matches one of them, all are without any.
        exclude: globs; a medium is left out if it matches one of them.
        is_list: INPUT is a text file that names the media, one path or URI a line.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    is_list: bool = False

    def flat(self) -> dict[str, Any]:
        """Returns plain values for comparing and showing."""
        globs = {"include": ", ".join(self.include), "exclude": ", ".join(self.exclude)}
        return {**globs, "input_list": self.is_list}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Picks:
        """Builds it from what JSON made of `dataclasses.asdict`."""
        return cls(tuple(values["include"]), tuple(values["exclude"]), values["is_list"])


@dataclass(frozen=True)
class AnalyzeSettings:
    """What one run of the job is to do.

    Attributes:
        input: folder, glob, file or URI.
        output: OUTPUT folder or URI.
        rows: the settings that change rows.
        span_s: length of a span of video in seconds.
        model_dir: model folder, None for the shipped one.
        detector_model: model file of the detector, None for one without.
        render: of the annotated copies, None for no copies.
        run_id: names this run.
        picks: which of the media of INPUT are analysed.
        people: how many each video shows, None where that is not known.
        began: when it began, in seconds since 1970.
        listed: whether the command has listed INPUT; else the job does.
    """

    input: str
    output: str
    rows: RowSettings
    span_s: float
    model_dir: str | None
    detector_model: str | None
    render: RenderSettings | None
    run_id: str
    people: int | None = None
    picks: Picks = field(default_factory=Picks)
    began: float = 0.0
    listed: bool = False

    @property
    def told(self) -> Told:
        """What the rows of a medium hold beside what is found in it."""
        return Told(self.people, origin_of(self.run_id, self.began, self.rows))

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as plain values for JSON."""
        return {**asdict(self), "rows": self.rows.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> AnalyzeSettings:
        """Builds the settings from what `to_dict` made of them."""
        render = values["render"]
        settings = {
            "rows": RowSettings.from_dict(values["rows"]),
            "picks": Picks.from_dict(values["picks"]),
            "render": None if render is None else RenderSettings(**render),
        }
        return cls(**{**values, **settings})


@dataclass(frozen=True)
class PrepareSettings:
    """What one run of the job `prepare` is to do.

    Attributes:
        input: folder, glob or URI with labelled pictures.
        data: DATA folder or URI.
        cropped: the pictures are cropped faces already and are taken whole.
        valid_share: share of the training pictures that go to the part `valid`; 0 where INPUT
            names its own.
        detector: settings of the face detector.
        detector_model: model file of the detector, None for one without.
        run_id: names this run.
    """

    input: str
    data: str
    cropped: bool
    valid_share: float
    detector: DetectorSettings
    detector_model: str | None
    run_id: str

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PrepareSettings:
        """Builds the settings from what `dataclasses.asdict` made of them."""
        return cls(**{**values, "detector": DetectorSettings(**values["detector"])})
