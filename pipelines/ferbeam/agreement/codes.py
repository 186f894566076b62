"""What people coded: CSV, exports and projects of BORIS, and documents of ELAN, as one table."""

from __future__ import annotations

import csv
import json
import math
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import unquote, urlsplit

from fer_core.emotions import EMOTIONS
from fer_core.errors import UsageError
from ferbeam.query.sheets import decode_text, read_file

SYNONYMS = {
    "angry": ("anger", "angry", "colere", "fache"),
    "disgust": ("disgust", "disgusted", "degout"),
    "fear": ("fear", "fearful", "afraid", "scared", "peur"),
    "happy": (
        *("happy", "happiness", "joy", "joie"),
        *("smile", "smiles", "smiling", "laugh", "laughing", "laughter", "sourire", "rire"),
    ),
    "neutral": ("neutral", "neutre", "calm"),
    "sad": ("sad", "sadness", "tristesse", "triste"),
    "surprise": ("surprise", "surprised"),
}
"""Words of coding schemes for our seven, in small letters without accents."""
_EMOTION_OF = {word: name for name, words in SYNONYMS.items() for word in words}
_PLAIN = str.maketrans("éèêëàâôîïûùç", "eeeeaaoiiuuc")
_DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error)
Row = dict[str, str]


@dataclass(frozen=True)
class Code:
    """A time in which a coder saw an expression.

    Attributes:
        media: the video, as the coder's program names it.
        coder: who; empty where it is not told.
        emotion: one of the seven.
        from_ms: begin in milliseconds of the video.
        until_ms: end; of a point event the same.
    """

    media: str
    coder: str
    emotion: str
    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class Codes:
    """What was read.

    Attributes:
        codes: of the seven emotions.
        unknown: how many there were of each other word.
        coded: videos and coders, also those in which a coder saw nothing.
    """

    codes: list[Code]
    unknown: dict[str, int]
    coded: set[tuple[str, str]]


def read_codes(path: Path) -> Codes:
    """Reads a file, or all known files of a folder.

    Files that code the same video and name no coder are of a coder each: by their folders' names
    where these differ, else by their own.

    Args:
        path: `.csv`, `.tsv` or `.txt` (columns media, emotion, start_ms and end_ms or start_s and
            end_s, coder if there are several; or what BORIS exports), `.boris`, or `.eaf`.

    Raises:
        UsageError: it cannot be read, or holds none of the seven emotions.
    """
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    known = [each for each in files if each.suffix.lower() in _READERS]
    if not known:
        raise UsageError(f"codes {path}: holds no file of {', '.join(_READERS)}")
    codes: list[Code] = []
    unknown: defaultdict[str, int] = defaultdict(int)
    coded: set[tuple[str, str]] = set()
    for medium, coder, word, begin, end in _name_coders([(file, _read(file)) for file in known]):
        emotion = _EMOTION_OF.get(word.strip().lower().translate(_PLAIN))
        if emotion is not None or not word:
            coded.add((medium, coder))
        if emotion is not None:
            codes.append(Code(medium, coder, emotion, round(begin), round(end)))
        elif word:
            unknown[word] += 1
    if not codes:
        named = f"; it has {', '.join(sorted(unknown)[:8])}" if unknown else ""
        names = ", ".join(emotion.name for emotion in EMOTIONS)
        raise UsageError(f"codes {path}: holds none of {names}{named}")
    return Codes(codes, dict(unknown), coded)


_Raw = tuple[str, str, str, float, float]
"""Medium, coder, word, begin and end in milliseconds; an empty word tells only of the medium."""


def _name_coders(read: Sequence[tuple[Path, list[_Raw]]]) -> Iterator[_Raw]:
    """Yields all rows; names the coders whom no file names, where several files code a video."""
    unnamed: defaultdict[str, set[Path]] = defaultdict(set)
    for file, rows in read:
        for medium, coder, *_ in rows:
            if not coder:
                unnamed[PureWindowsPath(medium).stem.lower()].add(file)
    shared = [files for files in unnamed.values() if len(files) > 1]
    by_folder = all(len({file.parent for file in files}) == len(files) for files in shared)
    for file, rows in read:
        for medium, coder, word, begin, end in rows:
            own = file.parent.name if by_folder else _name_apart(file.stem, medium)
            yield medium, coder or (own if shared else ""), word, begin, end


def _name_apart(stem: str, medium: str) -> str:
    """Returns what the name of a file says beside the video's: `anna` of `film1_anna.eaf`."""
    video = PureWindowsPath(medium)
    for name in map(re.escape, (video.name, video.stem)):
        stem = re.sub(rf"^{name}[ ._-]+|[ ._-]+{name}$", "", stem, flags=re.IGNORECASE) or stem
    return stem


def _read(file: Path) -> list[_Raw]:
    try:
        rows = list(_READERS[file.suffix.lower()](file))
        for row in rows:
            _check_times(*row[-2:])
        return rows
    except _DAMAGED as error:
        raise UsageError(f"codes {file}: cannot be read: {error}") from error


def _check_times(begin: float, end: float) -> None:
    if not math.isfinite(begin + end):
        raise ValueError("a time is no number")
    if end < begin:
        raise ValueError(f"what begins at {begin:.0f} ms ends before, at {end:.0f} ms")


def _read_table(file: Path) -> Iterator[_Raw]:
    rows = list(_list_rows(file))
    if not rows:
        raise ValueError("it has no row")
    names = set(rows[0])
    if {"behavior", "start (s)", "stop (s)"} <= names:
        yield from (_aggregated(file, row) for row in rows)
    elif {"behavior", "time"} <= names:
        yield from _pair_events(file, rows)
    else:
        yield from (_own(file, row, names) for row in rows)


def _list_rows(file: Path) -> Iterator[Row]:
    """Yields the rows of a table by the names of its columns in small letters."""
    lines = decode_text(read_file(file, "codes")).splitlines()
    heads = (at for at, line in enumerate(lines) if _is_head(line.lower()))
    first = next(heads, None)
    if first is None:
        raise ValueError(
            "it has no columns media, emotion, start_ms and end_ms (or start_s and end_s)"
        )
    delimiter = max("\t;,", key=lines[first].count)
    reader = csv.reader(lines[first:], delimiter=delimiter)
    head = [name.strip().lower() for name in next(reader)]
    for values in reader:
        if any(values):
            yield dict(zip(head, (value.strip() for value in values), strict=False))


def _is_head(line: str) -> bool:
    """Tells whether a line names columns; BORIS writes facts of the observation above them."""
    return ("emotion" in line and "media" in line) or ("behavior" in line and (
        "time" in line or "start (s)" in line
    ))  # fmt: skip


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _own(file: Path, row: Row, names: set[str]) -> _Raw:
    for begin, end, factor in _OWN_TIMES:
        if {begin, end} <= names:
            times = _number(row[begin]) * factor, _number(row[end]) * factor
            return row["media"], _coder_of(row), row["emotion"], *times
    raise ValueError("it has no columns start_ms and end_ms, or start_s and end_s")


_OWN_TIMES = (
    ("start_ms", "end_ms", 1.0),
    ("from_ms", "until_ms", 1.0),
    ("start_s", "end_s", 1000.0),
)


def _aggregated(file: Path, row: Row) -> _Raw:
    """Reads a row of BORIS' aggregated events; a point event has no end."""
    begin, end = row["start (s)"], row.get("stop (s)", "")
    ends = _number(end) if end and end.upper() != "NA" else _number(begin)
    return _medium_of(row), _coder_of(row), row["behavior"], 1000 * _number(begin), 1000 * ends


def _coder_of(row: Row) -> str:
    names = ("coder", "observer", "rater", "annotator")
    return next((row[name] for name in names if row.get(name)), "")


def _medium_of(row: Row) -> str:
    """Returns the video of a row of BORIS: its first player's."""
    for name in ("media file name", "media file path", "media file", "source", "observation id"):
        if row.get(name):
            return row[name].split("|")[0].removeprefix("player #1:").strip()
    raise ValueError("it has no column Media file name")


def _pair_events(file: Path, rows: Iterable[Row]) -> Iterator[_Raw]:
    """Pairs the events of BORIS' tabular export: a state begins and ends with one of a kind."""
    events = (
        (
            (_medium_of(row), _coder_of(row), row["behavior"], row.get("subject", "")),
            1000 * _number(row["time"]),
            (row.get("behavior type") or row.get("status") or "").upper(),
        )
        for row in rows
    )  # fmt: skip
    yield from _pair(events)


def _pair(events: Iterable[tuple[tuple[str, str, str, str], float, str]]) -> Iterator[_Raw]:
    """Pairs events: of the same medium, coder, word and subject every second one ends a state."""
    begun: dict[tuple[str, str, str, str], float] = {}
    for key, ms, kind in events:
        medium, coder, word, _ = key
        if kind.startswith("POINT"):
            yield medium, coder, word, ms, ms
        elif key in begun:
            yield medium, coder, word, begun.pop(key), ms
        else:
            begun[key] = ms
    for medium, _, word, _ in begun:
        raise ValueError(f"{medium}: {word} begins and does not end")


def _read_boris(file: Path) -> Iterator[_Raw]:
    """Reads a project of BORIS: an observation is of the first file of its first player."""
    project = json.loads(read_file(file, "codes"))
    points = {
        one["code"] for one in project["behaviors_conf"].values() if one["type"].startswith("Point")
    }
    for name, observation in project["observations"].items():
        files = observation.get("file") or {}
        medium = str((files.get("1") or [name])[0])
        yield medium, "", "", 0, 0
        offset = float(observation.get("time offset") or 0)
        yield from _pair(
            (
                (medium, "", str(code), str(subject)),
                1000 * (float(seconds) - offset),
                "POINT" if code in points else "",
            )
            for seconds, subject, code, *_ in observation["events"]
        )


def _read_eaf(file: Path) -> Iterator[_Raw]:
    """Reads a document of ELAN: the emotion is an annotation, or the name of its tier."""
    document = _open_eaf(file)
    linked = [urlsplit(each["MEDIA_URL"]).path for each in document.get_linked_files()]
    medium = unquote(linked[0]) if linked else file.stem
    tiers = document.get_tier_names()
    if not tiers:
        yield medium, "", "", 0, 0
    for tier in tiers:
        facts: dict[str, Any] = document.get_parameters_for_tier(tier)
        coder = facts.get("ANNOTATOR") or ""
        yield medium, coder, "", 0, 0
        whole = tier.strip().lower().translate(_PLAIN) in _EMOTION_OF
        for begin, end, said, *_ in document.get_annotation_data_for_tier(tier):
            yield medium, coder, tier if whole else said, begin, end


def _open_eaf(file: Path) -> Any:
    from pympi.Elan import Eaf

    read_file(file, "codes")  # whether it can be read, and is not too large
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions that it does not name
        try:
            return Eaf(str(file))
        except Exception as error:
            raise ValueError(f"it is no document of ELAN: {error}") from error


_READERS: dict[str, Callable[[Path], Iterator[_Raw]]] = {
    ".csv": _read_table,
    ".tsv": _read_table,
    ".txt": _read_table,
    ".boris": _read_boris,
    ".eaf": _read_eaf,
}


def name_video(coded: str, videos: Iterable[str]) -> str | None:
    """Returns the video of OUTPUT that a coder's program means, None where it is none, or several.

    The longest end that the paths have in common decides, then the name without its ending.
    """
    parts = (PureWindowsPath if "\\" in coded else PurePosixPath)(coded).parts
    names = list(videos)
    for length in range(len(parts), 0, -1):
        end = "/".join(parts[-length:])
        found = [name for name in names if name == end or name.endswith(f"/{end}")]
        if found:
            return found[0] if len(found) == 1 else None
    stem = PurePosixPath(parts[-1]).stem if parts else ""
    found = [name for name in names if stem in (PurePosixPath(name).name, PurePosixPath(name).stem)]
    return found[0] if len(found) == 1 else None
