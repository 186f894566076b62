"""The lists of a study that an OUTPUT remembers: who watched, and what was shown when."""

from __future__ import annotations

import warnings
from pathlib import Path

from fer_core.errors import FerError, FerWarning, UsageError
from ferbeam.output.analysis_folder import OUTPUT, REMEMBERED
from ferbeam.output.checked_files import read_checked
from ferbeam.output.folder import Output
from ferbeam.output.lock import locked
from ferbeam.output.ownership import claim_folder
from ferbeam.query.sheets import MOST_BYTES, Sheet, parse_sheet, read_sheet

VIEWERS_FILE, MARKERS_FILE, CORRECTIONS_FILE = REMEMBERED


def find_sheet(output: Output, name: str, given: Path | None) -> Sheet | None:
    """Returns the list that is given, else the one that OUTPUT remembers; None without.

    Raises:
        UsageError: it cannot be read.
    """
    if given is not None:
        return read_sheet(given, name.removesuffix(".csv"))
    try:
        data = read_checked(output, name, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise UsageError(f"{output.path(name)}: {error}") from None
    return parse_sheet(data, output.path(name))


def remember(output: Output, name: str, data: bytes) -> None:
    """Writes a list into OUTPUT, so that it need not be given again; warns where it cannot."""
    try:
        if output.exists(output.path(name)) and output.read(output.path(name)) == data:
            return
        claim_folder(output, OUTPUT)
        with locked(output):
            output.write(output.path(name), data)
    except (FerError, OSError) as error:
        warnings.warn(f"{name} is not remembered in OUTPUT: {error}", FerWarning, 2)
