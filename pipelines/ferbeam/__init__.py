"""Facial expressions, second by second, from folders of pictures and videos.

    import ferbeam

    run = ferbeam.analyze("recordings", "out", sample_fps=5)
    print(run.query("SELECT media, track_id, positive, negative FROM summary"))
    for face in ferbeam.faces("me.jpg"):
        print(face.box, face.emotion, face.confidence)

Importing it is light: Beam is loaded by `analyze` alone, and in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_core.emotions import EMOTIONS, Emotion
from fer_core.errors import (
    DataError,
    FerError,
    MediaError,
    ModelError,
    SettingsError,
    UsageError,
)
from ferbeam.api.analyze import analyze
from ferbeam.api.faces import Face, faces
from ferbeam.api.run import Run, open_output

__all__ = [
    "EMOTIONS",
    "DataError",
    "Emotion",
    "Face",
    "FerError",
    "MediaError",
    "ModelError",
    "Run",
    "SettingsError",
    "UsageError",
    "__version__",
    "analyze",
    "faces",
    "open_output",
]

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Looks the version up when it is asked for: that takes as long as all the rest."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import version

        return version("ferbeam")
