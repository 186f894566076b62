"""What a run tells those who wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ferbeam.output.commit_watch import CommitWatch
    from ferbeam.output.run_file import Run


class Progress(Protocol):
    """Is told that a run begins, goes on, and ends."""

    def start(self, watch: CommitWatch, media: int, renders: bool) -> None:
        """Begins.

        Args:
            watch: tells how far the run is; whoever calls `update` lets it look before.
            media: number of media that are to be analysed.
            renders: whether there will be annotated copies.
        """

    def update(self) -> None:
        """Tells what has been committed since; called a few times a second."""

    def note(self, line: str) -> None:
        """Takes a line that a person should read."""

    def stop(self) -> None:
        """Tells the last state; called once nothing of the job runs, however that ended."""

    def ended(self, run: Run | None, error: BaseException | None) -> None:
        """Tells what the run came to.

        Args:
            run: what `run.json` holds; None of a job that was only checked, or that failed.
            error: what ended it.
        """


class AllProgress:
    """Tells several."""

    def __init__(self, told: Sequence[Progress]) -> None:
        self._told = told
        self._watch: CommitWatch | None = None

    def start(self, watch: CommitWatch, media: int, renders: bool) -> None:
        """Begins; see `Progress`."""
        self._watch = watch
        for each in self._told:
            each.start(watch, media, renders)

    def update(self) -> None:
        """Looks how far the run is, and tells it."""
        if self._watch is not None:
            self._watch.look()
            for each in self._told:
                each.update()

    def note(self, line: str) -> None:
        """Passes a line on."""
        for each in self._told:
            each.note(line)

    def stop(self) -> None:
        """Takes the last look, and tells the last state."""
        if self._watch is not None:
            self._watch.next_look = 0.0
            self._watch.look()
            for each in self._told:
                each.stop()

    def ended(self, run: Run | None, error: BaseException | None) -> None:
        """Tells what the run came to."""
        for each in self._told:
            each.ended(run, error)
