"""What an analysis is asked to do."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from typing import Any

from fer_core.model import ModelCard
from ferbeam.masking import mask_urls
from ferbeam.output.folder import Output
from ferbeam.runners.runner import Runner
from ferbeam.settings import RenderSettings, RowSettings
from ferbeam.stores import is_uri


@dataclass(frozen=True)
class AnalysisRequest:
    """What is asked for.

    Attributes:
        input: folder, glob, file or URI.
        output: where the tables go.
        rows: the settings that change rows.
        span_s: length of a span of video in seconds.
        model_dir: model folder, None for the shipped one.
        detector_model: model file of the detector, None for one without.
        card: the card of the model.
        render: of the annotated copies, None for no copies.
        runner: where it runs.
        command: the words that ask for it, without `ferbeam`.
        overwrite: removes what an earlier run wrote.
        prune: lets media go that are no longer in INPUT.
        retry_failures: does once more what ended in a failure.
    """

    input: str
    output: Output
    rows: RowSettings
    span_s: float
    model_dir: str | None
    detector_model: str | None
    card: ModelCard
    render: RenderSettings | None
    runner: Runner
    command: tuple[str, ...]
    overwrite: bool = False
    prune: bool = False
    retry_failures: bool = False
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def belongs_to(self) -> dict[str, Any]:
        """Returns what an OUTPUT belongs to: its INPUT and the settings that change rows."""
        place = mask_urls(self.input)
        if not is_uri(place):
            place = os.path.abspath(place).encode("utf-8", "replace").decode()
        return {"INPUT": place, **self.rows.flat()}
