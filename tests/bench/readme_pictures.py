"""Remakes the README's pictures of annotated copies with the command itself, from the samples.

`python -m tests.bench.readme_pictures`: every overlay in both languages, on `group.png` as it is
and enlarged to 1080p, and the contact sheet of `two_faces.mp4`.
"""

from __future__ import annotations

import tempfile
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.pipelines.jobs import ROOT, SAMPLES, ferbeam

OVERLAYS, LANGUAGES = ("emoji", "cover", "box"), ("en", "fr")
SHOWN = (640, 360)
"""Size of one picture in the montage of those in 1080p."""


def main() -> None:
    """Writes the pictures into .github."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        group = cv2.imread(str(SAMPLES / "pictures/group.png"))
        assert group is not None
        (folder / "in").mkdir()
        cv2.imwrite(str(folder / "in/640x360.png"), group)
        large = cv2.resize(group, (1920, 1080), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / "in/1080p.png"), large)
        for overlay, lang in product(OVERLAYS, LANGUAGES):
            out = folder / f"{overlay}-{lang}"
            _run("analyze", folder / "in", out, "--overlay", overlay, "--lang", lang)
        for size in ("640x360", "1080p"):
            rows = [
                [
                    _read(folder / f"{overlay}-{lang}" / "annotated" / f"{size}.png")
                    for lang in LANGUAGES
                ]
                for overlay in OVERLAYS
            ]
            montage = np.vstack([np.hstack(row) for row in rows])
            _write(ROOT / f".github/overlays_{size}.jpg", montage)
        _run("analyze", SAMPLES / "videos/two_faces.mp4", folder / "sheet")
        sheet = (folder / "sheet/sheets/two_faces.mp4.jpg").read_bytes()
        (ROOT / ".github/sheet.jpg").write_bytes(sheet)


def _run(*arguments: str | Path) -> None:
    done = ferbeam(*arguments)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def _read(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return np.asarray(cv2.resize(picture, SHOWN, interpolation=cv2.INTER_AREA), np.uint8)


def _write(path: Path, picture: NDArray[np.uint8]) -> None:
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
