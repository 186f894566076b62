"""What an analysis is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fer_core.model import ModelCard
from ferbeam.masking import mask_urls
from ferbeam.output.folder import Output
from ferbeam.runners.runner import Runner
from ferbeam.settings import AnalyzeSettings
from ferbeam.stores import is_uri


@dataclass(frozen=True)
class AnalysisRequest:
    """What is asked for.

    Attributes:
        settings: of the job; its INPUT is absolute.
        card: the card of the model.
        runner: where it runs.
        command: the words that ask for it, without `ferbeam`.
        overwrite: removes what an earlier run wrote.
        prune: lets media go that are no longer in INPUT.
        retry_failures: does once more what ended in a failure.
        input_moved: takes INPUT for that of the earlier runs, though it lies elsewhere.
        metrics: file that tells Prometheus how far the run is, None for none.
    """

    settings: AnalyzeSettings
    card: ModelCard
    runner: Runner
    command: tuple[str, ...]
    overwrite: bool = False
    prune: bool = False
    retry_failures: bool = False
    input_moved: bool = False
    metrics: str | None = None

    @property
    def input(self) -> str:
        """Folder, glob, file or URI."""
        return self.settings.input

    @property
    def output(self) -> Output:
        """Where the tables go."""
        return Output(self.settings.output)

    def belongs_to(self) -> dict[str, Any]:
        """Returns what an OUTPUT belongs to: its INPUT and the settings that change rows."""
        place = mask_urls(self.input)
        if not is_uri(place):
            place = place.encode("utf-8", "replace").decode()
        return {"INPUT": place, **self.settings.picks.flat(), **self.settings.rows.flat()}
