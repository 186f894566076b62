"""Facial expressions, second by second, from folders of pictures and videos.

    import ferbeam

    run = ferbeam.analyze("recordings", "out", sample_fps=5)
    print(run.query("SELECT media, track_id, positive, negative FROM summary"))
    for face in ferbeam.faces("me.jpg"):
        print(face.box, face.emotion, face.confidence)

Importing it is light: Beam is loaded by `analyze` alone, and in a process of its own.
"""

from __future__ import annotations

import sys

if (
    sys.argv[:1] == ["-m"]
    and ("-m", "ferbeam") in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    and not getattr(sys.flags, "safe_path", False)
):
    # `python -m ferbeam` looks for modules among the user's files first: see guard/fresh_python.
    del sys.path[0]

from typing import TYPE_CHECKING

from fer_core.emotions import EMOTIONS, Emotion
from fer_core.errors import (
    DataError,
    FerError,
    FerWarning,
    ForeignError,
    LockedError,
    MediaError,
    ModelError,
    NameRefusedError,
    SettingsError,
    TryLaterError,
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
    "FerWarning",
    "ForeignError",
    "LockedError",
    "MediaError",
    "ModelError",
    "NameRefusedError",
    "Run",
    "SettingsError",
    "TryLaterError",
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
        from ferbeam.versions import version_of

        return version_of("ferbeam")
