"""Expressions over time as other programs annotate videos: ELAN, BORIS, and subtitles (WebVTT).

Times are those of the player, in milliseconds of the video, as in the tables.
"""

from __future__ import annotations

import html
import json
import mimetypes
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from fer_core.emotions import EMOTIONS, Emotion, emotion_named
from ferbeam.text import printable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PERSON = {"en": "Person {}", "fr": "Personne {}"}
"""Counted from 1, as on contact sheets and in the report; `person_id` begins at 0."""
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no XML document may hold, however it is written; a file may be named so."""
BORIS_FORMAT = "7.0"
"""Of the project file; newer versions of BORIS read it, too."""


@dataclass(frozen=True)
class Stretch:
    """A time in which a face keeps its expression: a row of the view `expressions`.

    Attributes:
        name: the person's of `--corrections`, else empty.
    """

    media: str
    person_id: int
    emotion: str
    from_ms: int
    until_ms: int
    name: str

    def who(self, lang: str) -> str:
        """Returns the name of the person, or its number."""
        return printable(self.name) or PERSON[lang].format(self.person_id + 1)


@dataclass(frozen=True)
class Annotated:
    """A video and its stretches.

    Attributes:
        media: its name.
        duration_ms: length.
        frame_rate: frames per second, None if it is not known.
        stretches: by person and time.
    """

    media: str
    duration_ms: int
    frame_rate: float | None
    stretches: list[Stretch]


def read_annotated(tables: DuckDBPyConnection, media: Sequence[str]) -> list[Annotated]:
    """Reads videos by name with the stretches of all their people; all where none is named."""
    rows = tables.execute(
        """SELECT media, person_id, emotion, from_ms, until_ms, name
        FROM expressions JOIN people USING (media, person_id)
        ORDER BY media, person_id, from_ms"""
    ).fetchall()
    found = {name: list(own) for name, own in groupby((Stretch(*row) for row in rows), _media_of)}
    videos = tables.execute(
        "SELECT media, duration_ms, frame_rate FROM media WHERE kind = 'video' ORDER BY media"
    ).fetchall()
    return [
        Annotated(name, duration_ms, rate, found.get(name, []))
        for name, duration_ms, rate in videos
        if not media or name in media
    ]


def _media_of(stretch: Stretch) -> str:
    return stretch.media


def write_vtt(videos: Sequence[Annotated], lang: str) -> bytes:
    """Returns the subtitles of one video: a cue for each stretch of each person."""
    (video,) = videos
    many = len({stretch.person_id for stretch in video.stretches}) > 1
    cues = [
        f"{_clock(one.from_ms)} --> {_clock(one.until_ms)}\n{_say(one, many, lang)}\n"
        for one in sorted(video.stretches, key=attrgetter("from_ms", "person_id"))
    ]
    return "\n".join(["WEBVTT\n", *cues]).encode()


def _say(stretch: Stretch, many: bool, lang: str) -> str:
    emotion = emotion_named(stretch.emotion)
    who = f"{stretch.who(lang)}: " if many else ""
    return html.escape(f"{who}{emotion.emoji} {_name_of(emotion, lang)}", quote=False)


def _name_of(emotion: Emotion, lang: str) -> str:
    return emotion.french if lang == "fr" else emotion.name


def _clock(ms: int) -> str:
    """Returns a time as WebVTT writes it: hh:mm:ss.mmm."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def write_eaf(videos: Sequence[Annotated], lang: str) -> bytes:
    """Returns an ELAN document of one video: a tier for each person."""
    from pympi.Elan import Eaf, to_adocument

    (video,) = videos
    name = NOT_IN_XML.sub("\ufffd", PurePosixPath(video.media).name)
    kind = mimetypes.guess_type(name)[0] or "video/mp4"
    document = Eaf(author="ferbeam")
    document.remove_tier("default")
    document.add_linked_file(name, relpath=f"./{name}", mimetype=kind)
    for tier in dict.fromkeys(one.who(lang) for one in video.stretches):
        document.add_tier(tier)
    for one in video.stretches:
        said = _name_of(emotion_named(one.emotion), lang)
        document.add_annotation(one.who(lang), one.from_ms, one.until_ms, said)
    whole = to_adocument(document, True)
    return bytes(ElementTree.tostring(whole, encoding="UTF-8", xml_declaration=True))


def write_boris(videos: Sequence[Annotated], lang: str) -> bytes:
    """Returns a project of BORIS: an observation for each video, a state event for each stretch."""
    made = time.strftime("%Y-%m-%dT%H:%M:%S")
    every = sorted(
        (one for video in videos for one in video.stretches), key=attrgetter("person_id")
    )
    people = dict.fromkeys(one.who(lang) for one in every)
    project = {
        "time_format": "hh:mm:ss",
        "project_date": made,
        "project_name": "ferbeam",
        "project_description": "facial expressions by ferbeam",
        "project_format_version": BORIS_FORMAT,
        "subjects_conf": {
            str(at): {"key": "", "name": person, "description": ""}
            for at, person in enumerate(people)
        },
        "behaviors_conf": {
            str(emotion.index): _boris_behavior(str(emotion.index + 1), _name_of(emotion, lang))
            for emotion in EMOTIONS
        },
        "observations": {video.media: _boris_observation(video, lang, made) for video in videos},
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "converters": {},
    }
    return (json.dumps(project, indent=1, ensure_ascii=False) + "\n").encode()


def _boris_behavior(key: str, name: str) -> dict[str, object]:
    return {
        **{"type": "State event", "key": key, "code": name, "description": ""},
        **{"category": "", "modifiers": {}, "excluded": "", "coding map": ""},
    }


def _boris_observation(video: Annotated, lang: str, made: str) -> dict[str, object]:
    """Returns an observation; a state begins and ends with an event of the same code."""
    seconds = video.duration_ms / 1000
    return {
        "file": {"1": [video.media], **{str(player): [] for player in range(2, 9)}},
        "type": "MEDIA",
        "date": made,
        "description": "",
        "time offset": 0.0,
        "events": list(_boris_events(video.stretches, lang)),
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
        "scan_sampling_time": 0,
        "start_from_current_time": False,
        "media_info": {
            "length": {video.media: seconds},
            "fps": {video.media: video.frame_rate or 0.0},
            "hasVideo": {video.media: True},
            "hasAudio": {video.media: False},
            "offset": {"1": 0.0},
        },
    }


def _boris_events(stretches: Iterable[Stretch], lang: str) -> Iterator[list[object]]:
    """Yields time in seconds, subject, code, modifier and comment; ends before what begins then."""
    marks = [
        (ms, order, one)
        for one in stretches
        for order, ms in enumerate((one.until_ms, one.from_ms))
    ]
    for ms, _, one in sorted(marks, key=lambda mark: mark[:2]):
        code = _name_of(emotion_named(one.emotion), lang)
        yield [ms / 1000, one.who(lang), code, "", ""]


Annotate = Callable[[Sequence[Annotated], str], bytes]

ANNOTATIONS: dict[str, Annotate] = {".eaf": write_eaf, ".boris": write_boris, ".vtt": write_vtt}
"""By the ending of the file."""
OF_ONE_VIDEO = (".eaf", ".vtt")
