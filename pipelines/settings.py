"""What a run of the analysis is to do; known to the command and to the job, so without Beam."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fer_core.detectors import DetectorSettings, detector_settings


@dataclass(frozen=True)
class RowSettings:
    """Everything besides the media that changes rows. One OUTPUT holds rows of one of these.

    Attributes:
        sample_fps: frames per second that are looked at, as a fraction; `all` for every frame.
        detector: settings of the face detector.
        engine: `litert` or `tensorflow`.
        model_sha256: sha256 of the model file that the engine reads.
        temperature: what the model's logits are divided by.
        preprocessing: name of the function between crops and network.
        max_pixels: larger pictures and frames are refused.
    """

    sample_fps: str
    detector: DetectorSettings
    engine: str
    model_sha256: str
    temperature: float
    preprocessing: str
    max_pixels: int

    def flat(self) -> dict[str, Any]:
        """Returns the settings with dotted names, for comparing and showing."""
        values = asdict(self)
        detector = values.pop("detector")
        kind = detector.pop("kind")
        inner = {f"detector.{name}": value for name, value in detector.items()}
        return {**values, "detector": kind, **inner}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RowSettings:
        """Builds the settings from what `dataclasses.asdict` made of them."""
        return cls(**{**values, "detector": detector_settings(values["detector"])})


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
        run_id: names this run.
    """

    input: str
    output: str
    rows: RowSettings
    span_s: float
    model_dir: str | None
    detector_model: str | None
    run_id: str

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> AnalyzeSettings:
        """Builds the settings from what `to_dict` made of them."""
        return cls(**{**values, "rows": RowSettings.from_dict(values["rows"])})


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
        return cls(**{**values, "detector": detector_settings(values["detector"])})
