"""Marks what is begun: what has a mark and no result may have ended its worker."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from ferbeam.output.folder import Output


@dataclass(frozen=True)
class StartMarks:
    """Notes which work was begun: what has a mark and no result may have ended its worker.

    Attributes:
        output: where they lie.
    """

    output: Output

    def path(self, key: str) -> str:
        """Returns the path of a mark."""
        return self.output.path(".spans", "started", key)

    def begin(self, key: str, medium: str) -> bool:
        """Leaves a mark; returns whether there was one, so that the work had better be done apart.

        Args:
            key: of the work.
            medium: that it reads, the first of several.
        """
        if self.output.exists(self.path(key)):
            return True
        self.output.leave_mark(self.path(key), medium.encode())
        return False

    def end(self, key: str) -> None:
        """Takes a mark away: the work came to its end."""
        with suppress(FileNotFoundError):  # another attempt was quicker
            self.output.take_mark(self.path(key))

    def begun(self) -> dict[str, str]:
        """Lists what was begun and has not come to its end, by key with its medium."""
        names = self.output.list_names(".spans", "started")
        return {name: self.output.read(self.path(name)).decode() for name in names}
