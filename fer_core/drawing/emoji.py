"""Emoji: one picture for each emotion, ferbeam's own or the user's avatars, fitted to a size."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from fer_core.emotions import EMOTIONS, Emotion
from fer_core.errors import UsageError

ASSETS = Path(__file__).parents[1] / "assets"
SUFFIXES = (".png", ".webp", ".jpg", ".jpeg")
"""What an avatar may be; the first that is there is taken."""

LARGEST_SIDE = 1024
"""Pixels to which larger avatars are reduced when they are read."""

MAX_PIXELS = 50_000_000


def read_emoji(avatars: Path | None = None) -> tuple[Image.Image, ...]:
    """Reads the seven pictures in the order of the emotions.

    Args:
        avatars: folder with the user's own, `<emotion>.png`, `.webp` or `.jpg`; None for ferbeam's.

    Returns:
        Seven RGBA pictures, of any size up to `LARGEST_SIDE`.

    Raises:
        UsageError: the folder or a picture is missing, or a picture cannot be read.
    """
    if avatars is None:
        return tuple(_read_picture(ASSETS / f"{one.name}.png", one) for one in EMOTIONS)
    return tuple(_read_picture(path, one) for path, one in _list_avatars(avatars))


def hash_emoji(avatars: Path | None = None) -> str:
    """Returns the SHA-256 of the seven pictures' bytes, as 64 hexadecimal digits.

    Raises:
        UsageError: the folder or a picture is missing.
    """
    digest = hashlib.sha256()
    for emotion, path in enumerate(
        [ASSETS / f"{one.name}.png" for one in EMOTIONS]
        if avatars is None
        else [path for path, _ in _list_avatars(avatars)]
    ):
        data = path.read_bytes()
        digest.update(f"{emotion} {len(data)} ".encode() + data)
    return digest.hexdigest()


def _list_avatars(folder: Path) -> list[tuple[Path, Emotion]]:
    if not folder.is_dir():
        raise UsageError(f"avatars: {folder} is no folder, one picture per emotion is needed in it")
    names = {path.name.lower(): path for path in sorted(folder.iterdir(), reverse=True)}
    found = []
    missing = []
    for emotion in EMOTIONS:
        paths = [names[emotion.name + end] for end in SUFFIXES if emotion.name + end in names]
        if paths and not paths[0].is_file():  # to open a pipe may take for ever
            raise UsageError(f"avatars: {paths[0]} is no file, a picture is needed")
        if paths:
            found.append((paths[0], emotion))
        else:
            missing.append(emotion.name)
    if missing:
        raise UsageError(
            f"avatars: {folder} has no picture for {', '.join(missing)}; "
            f"{missing[0]}.png (or .webp, .jpg) is needed, and so for each emotion"
        )
    return found


def _read_picture(path: Path, emotion: Emotion) -> Image.Image:
    what = f"avatars: {path}, the picture for {emotion.name}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=("PNG", "WEBP", "JPEG"))
        if picture.width * picture.height > MAX_PIXELS:
            raise UsageError(
                f"{what}, holds {picture.width} x {picture.height} pixels; "
                f"at most {MAX_PIXELS} can be read, {LARGEST_SIDE} x {LARGEST_SIDE} are enough"
            )
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise UsageError(f"{what}, cannot be read as a picture: {error}") from error
    if max(upright.size) > LARGEST_SIDE:
        upright.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    return upright


def fit_emoji(picture: Image.Image, side: int) -> NDArray[np.uint8]:
    """Fits a picture into the middle of a square, keeping its proportions and transparency.

    Args:
        picture: RGBA, of any size.
        side: of the square in pixels, at least 1.

    Returns:
        uint8 (side, side, 4), colour not multiplied by alpha.
    """
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    fitted = picture.resize(size, Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (side, side))
    square.paste(fitted, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square)


def back_emoji(fitted: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Lays a fitted picture on a disc that fills its square, so that nothing shines through.

    Args:
        fitted: uint8 (side, side, 4).
        colour: RGB of the disc.

    Returns:
        uint8 (side, side, 4), opaque in the whole disc but for the smooth edge.
    """
    side = fitted.shape[0]
    disc = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(disc).ellipse((0, 0, 2 * side - 1, 2 * side - 1), fill=255)
    ground = Image.new("RGBA", (side, side), colour)
    ground.putalpha(disc.resize((side, side), Image.Resampling.BOX))
    return np.asarray(Image.alpha_composite(ground, Image.fromarray(fitted)))
