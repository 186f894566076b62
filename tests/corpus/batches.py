"""Folders of seeded cases: what `make fuzz` analyses, one folder for each job."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from random import Random

import av

from tests.corpus.damage import DAMAGES
from tests.corpus.fields import FIELD_DAMAGES, FIELD_SUFFIXES
from tests.corpus.names import pick_name
from tests.corpus.pictures import FORMATS, pick_picture
from tests.corpus.specials import SPECIALS
from tests.corpus.videos import CONTAINERS, list_encoders, make_video, pick_recipe

SUFFIXES = (*CONTAINERS, *FORMATS)
SPECIAL_EVERY = 8
"""One case in so many is one of SPECIALS, in turn."""
_TRIES = 20


def fill_folder(folder: Path, seed: int, numbers: range, fields: bool = False) -> list[str]:
    """Makes the files of some cases, and links beside them; `fields`: only extremes in videos.

    Returns:
        The names of all that must be accounted for, as they are in the folder.
    """
    names = [_make_case(folder, seed, number, fields) for number in numbers]
    return [*names, *_make_links(folder, names[0])]


def _make_case(folder: Path, seed: int, number: int, fields: bool) -> str:
    """Makes the file of a case; returns its name."""
    random = Random(f"{seed} {number}")
    if number % SPECIAL_EVERY == 0 and not fields:
        special = list(SPECIALS)[number // SPECIAL_EVERY % len(SPECIALS)]
        name, data = f"special {number:05d} {special}", _special(special)
    else:
        suffix = random.choice(FIELD_SUFFIXES if fields else SUFFIXES)
        data = _make_data(random, suffix)
        data = random.choice(FIELD_DAMAGES if fields else DAMAGES)(data, random)
        if random.random() < 0.1:
            suffix = random.choice(SUFFIXES)  # a wrong one
        name = pick_name(random, number, suffix)
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return name


@cache
def _special(name: str) -> bytes:
    return SPECIALS[name]()


@cache
def _encoders() -> list[str]:
    return list_encoders()


def _make_data(random: Random, suffix: str) -> bytes:
    """Makes a picture or video; many recipes do not go together, then another is taken."""
    for _ in range(_TRIES):
        try:
            if suffix in FORMATS:
                return pick_picture(random, suffix)
            return make_video(pick_recipe(random, suffix, _encoders()))
        except (av.FFmpegError, ValueError, OSError, TypeError, RuntimeError, KeyError):
            continue
    return b"no recipe"


def _make_links(folder: Path, name: str) -> list[str]:
    """Makes links and what is no file, with the suffixes of media; returns their names."""
    outside = folder.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "beside.txt").write_text("outside of INPUT")
    for place, target in {
        "loop": folder,
        "self.mp4": folder / "self.mp4",
        "nowhere.jpg": folder / "nowhere at all.jpg",
        "outside.jpg": outside / "beside.txt",
        "secret.mp4": Path("/etc/passwd"),
        "again.mp4": folder / name,
        "endless.mp4": Path("/dev/zero"),
        "endless.jpg": Path("/dev/zero"),
    }.items():
        (folder / place).symlink_to(target)
    os.mkfifo(folder / "pipe.mp4")
    return [
        *("loop", "self.mp4", "nowhere.jpg", "outside.jpg", "secret.mp4", "again.mp4"),
        *("endless.mp4", "endless.jpg", "pipe.mp4"),
    ]
