"""What the server and the page tell each other."""

from __future__ import annotations

import json
import struct
from typing import Any

from fer_core.emotions import EMOTIONS, NAMES
from ferbeam.live.session import Analysed

SEQUENCE = struct.Struct("<I")
"""In front of the JPEG in a binary message, either way."""

RATE = 30
"""Frames a second that the page is asked for."""

Message = dict[str, Any]


def encode(message: Message) -> str:
    """Returns a message as it is sent."""
    return json.dumps(message, ensure_ascii=False)


def tell_hello(looks: tuple[str, str], source: str, record_to: str | None, on: bool) -> Message:
    """The first message: what the page has to know.

    Args:
        looks: language and overlay.
        source: `camera` or `file`.
        record_to: name of the folder that is recorded to, if any.
        on: whether it is.
    """
    return {
        "type": "hello",
        "lang": looks[0],
        "emotions": list(NAMES),
        "colours": [emotion.colour for emotion in EMOTIONS],
        "names": {"en": list(NAMES), "fr": [emotion.french for emotion in EMOTIONS]},
        "source": source,
        "overlay": looks[1],
        "recording": on,
        "record_to": record_to,
        "rate": RATE,
    }


def tell_result(sequence: int, found: Analysed, scale: float = 1.0) -> Message:
    """The answer to a frame.

    Args:
        sequence: number of the frame.
        found: what is in it.
        scale: from the pixels that were analysed to those that the page has.
    """
    faces = []
    for face in found.faces:
        place = {name: round(value * scale) for name, value in face.box._asdict().items()}
        best = int(face.smoothed.argmax())
        shown = {"emotion": best, "confidence": float(face.smoothed[best])}
        scores = {"scores": face.smoothed.tolist()}
        faces.append({"track_id": face.track_id, **place, **shown, **scores})
    return {
        "type": "result",
        "sequence": sequence,
        "width": round(found.width * scale),
        "height": round(found.height * scale),
        "faces": faces,
        "analysis_ms": round(found.analysis_ms, 1),
    }


def tell_recording(on: bool, frames: int, problem: str | None = None) -> Message:
    """Says whether frames are written down, how many were, and what has put an end to it."""
    told = {} if problem is None else {"problem": problem}
    return {"type": "recording", "on": on, "frames": frames, **told}


def tell_error(message: str, sequence: int | None = None) -> Message:
    """One clear line for the page; with a sequence, it is the answer to that frame."""
    numbered = {} if sequence is None else {"sequence": sequence}
    return {"type": "error", "message": message, **numbered}


def read_order(text: str) -> bool | None:
    """Returns whether the page asks to record or to stop; None where it asks for neither."""
    try:
        order = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(order, dict) or order.get("type") != "record":
        return None
    on = order.get("on")
    return on if isinstance(on, bool) else None
