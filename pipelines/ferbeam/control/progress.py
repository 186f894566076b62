"""What a run tells those who wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ferbeam.output.folder import Output


class Progress(Protocol):
    """Is told that a run begins, goes on, and ends; looks for itself how far it is."""

    def start(self, output: Output, media: int, renders: bool) -> None:
        """Begins to watch OUTPUT.

        Args:
            output: where the job commits its spans.
            media: number of media that are listed.
            renders: whether there will be annotated copies.
        """

    def update(self) -> None:
        """Looks what has been committed since; called a few times a second."""

    def note(self, line: str) -> None:
        """Takes a line that a person should read."""

    def stop(self) -> None:
        """Takes the last look; called however the run ends."""
