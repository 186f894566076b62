"""The folders MODEL_DIR and REPORT: what is written there, and that nothing else is touched."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from fer_core.errors import ForeignError
from fer_core.learn.settings import EPOCHS_FILE
from fer_core.model import CARD_NAME, MODEL_FILES
from ferbeam.output.folder import Folder
from ferbeam.output.journal import journal_of
from ferbeam.output.ownership import Kind, claim_folder
from ferbeam.output.plain_path import list_plain
from ferbeam.output.sweeping import keep_notes

CURVES_FILE = "learning_curves.png"
_CHECKPOINT = re.compile(
    r"run\.json|network\.keras|teachers-\d+(\.part)?\.npy"
    r"|(training_metadata\.json|[a-z0-9_-]+\.weights\.h5)(\.bkp)?"
)


def _list_older_model(folder: Folder) -> set[str] | None:
    """Names the files of a training that an earlier version has begun; None where it has not."""
    begun = folder.read_json(folder.path("checkpoint/run.json"))
    if not isinstance(begun, dict) or "train_sha256" not in begun:
        return None
    return {name for name in MODEL.names if folder.exists(folder.path(name))} - {"checkpoint"}


def _list_older_report(folder: Folder) -> set[str] | None:
    """Names the files of a report of an earlier version; None where it is none."""
    metrics = folder.read_json(folder.path("metrics.json"))
    if not isinstance(metrics, dict) or "model.sha256" not in metrics:
        return None
    return {name for name in REPORT.names if folder.exists(folder.path(name))}


MODEL = Kind(
    "MODEL_DIR",
    (EPOCHS_FILE, CURVES_FILE, *MODEL_FILES.values(), CARD_NAME, "checkpoint"),
    _list_older_model,
)
REPORT = Kind(
    "--report",
    ("metrics.json", "report.md", "confusion.png", "reliability.png"),
    _list_older_report,
)


def claim_files(place: Path, kind: Kind) -> None:
    """Marks a folder as ours and notes all that will be written, of which nothing is another's.

    Raises:
        UsageError: the folder is somebody else's.
        ForeignError: one of the files is, or is a link.
        FerError: it cannot be written.
    """
    folder = Folder(str(place))
    claim_folder(folder, kind)
    keep_notes(folder)
    for name in kind.names:
        path = folder.path(name)
        if name != "checkpoint" and folder.exists(path) and not folder.wrote(path):
            raise ForeignError(f"{path}: lies there and is not ferbeam's; move it away")
    for name in kind.names:
        journal_of(folder.root).note(name)
    for name in list_plain(folder.root, "checkpoint"):
        if _CHECKPOINT.fullmatch(name):
            folder.checked(folder.path("checkpoint", name))


def remove_checkpoint(folder: Path) -> None:
    """Removes what training keeps until it is done; of what else lies there nothing."""
    for file in folder.iterdir() if folder.is_dir() else ():
        if _CHECKPOINT.fullmatch(file.name) and file.is_file():
            file.unlink()
    with suppress(OSError):  # it is not there, or holds something of others
        folder.rmdir()
