"""A recording of the live page as rows of the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fer_core.emotions import NAMES
from fer_core.records import SCORE_COLUMNS
from ferbeam.live.session import SeenFace
from ferbeam.settings import Origin


@dataclass
class RecordedMedium:
    """A recording without a break in its time or its size: a row of `media` to be.

    Attributes:
        name: column `media`.
        size: width and height of its frames.
        start_ms: time of its first frame.
        last_ms: time of its last frame, since its first.
        first_index: number of its first frame.
        last_index: number of its last frame, counted from its first.
        tracks: that its faces belong to.
        counts: of its frames: with faces, lost, and all.
        faces_total: faces in them.
        rows: by table, those that are not written yet.
    """

    name: str
    size: tuple[int, int]
    start_ms: int
    first_index: int
    last_ms: int = 0
    last_index: int = 0
    tracks: set[int] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("ok", "lost", "all"), 0))
    faces_total: int = 0
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"faces": [], "frames": [], "failures": []}
    )


def face_row(place: dict[str, Any], index: int, face: SeenFace) -> dict[str, Any]:
    """Builds a row of `faces` from what the frame's row tells of its place, and a face."""
    best, shown = int(face.scores.argmax()), int(face.smoothed.argmax())
    return {
        **place,
        "face_index": index,
        "track_id": face.track_id,
        "person_id": face.track_id,  # who comes back is not known live
        **{f"box_{name}": value for name, value in face.box._asdict().items()},
        "detector_score": face.detector_score,
        **face.seen._asdict(),
        "emotion": NAMES[best],
        "confidence": float(face.scores[best]),
        **dict(zip(SCORE_COLUMNS, face.scores.tolist(), strict=True)),
        "smoothed_emotion": NAMES[shown],
        "smoothed_confidence": float(face.smoothed[shown]),
    }


def media_row(medium: RecordedMedium, codec: str, origin: Origin) -> dict[str, Any]:
    """Builds the row of `media`, as far as the recording has come."""
    counts, steps = medium.counts, medium.last_index
    interval = medium.last_ms / steps if steps else 0.0
    return {
        "media": medium.name,
        "sha256": None,
        "kind": "video",
        "codec": codec,
        "width": medium.size[0],
        "height": medium.size[1],
        "rotation": 0,
        "frame_rate": 1000 / interval if interval else None,
        "duration_ms": round(medium.last_ms + interval),
        "frame_count": medium.last_index + 1 - counts["lost"],
        "frames_sampled": counts["all"],
        "frames_with_faces": counts["ok"],
        "frames_lost": counts["lost"],
        "face_count": medium.faces_total,
        "track_count": len(medium.tracks),
        "has_audio": False,
        "annotated": None,
        "notes": None,
        **origin,
    }
