"""What is wrong with an OUTPUT, in one line that names the file and the ways out."""

from __future__ import annotations

from fer_core.errors import FerError
from ferbeam.text import printable


class DamageError(FerError):
    """Something in an OUTPUT is not as ferbeam wrote it.

    Attributes:
        kind: as of the findings of `ferbeam verify`.
        file: what it is, below OUTPUT.
        reason: what is wrong with it.
    """

    def __init__(self, root: str, kind: str, file: str, reason: str, repair: str) -> None:
        self.kind, self.file, self.reason = kind, printable(file), printable(reason)
        super().__init__(
            f"OUTPUT {root}: {self.file}: {self.reason}; `ferbeam verify` tells what else is "
            f"wrong, and {repair}"
        )
