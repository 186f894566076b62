"""From frames to rows: detection with a fake detector, and a committed span and back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_core.committed_span import span_rows, span_table
from fer_core.detect_faces import MAX_FACES, SampledFrame, detect_faces
from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import HAAR, DetectorSettings
from fer_core.emotions import NAMES
from fer_core.errors import FerError
from fer_core.faces import Box, Face, crop_face
from fer_core.records import FACES, FAILURES, FRAMES
from tests.pipelines.jobs import SAMPLES

GREY = np.arange(120 * 160, dtype=np.uint32).reshape(120, 160).astype(np.uint8)


def one_face(grey: NDArray[np.uint8], since_ms: int | None = None, *_: object) -> list[Face]:
    """Finds one face in every frame that is not black."""
    box = Box(10, 20, 60, 60)
    return [Face(box, box, 0.5)] if grey.any() else []


def frames() -> list[SampledFrame]:
    """A frame with a face, one without, and two that were lost."""
    return [
        SampledFrame("a.mp4", 0, 0, GREY),
        SampledFrame("a.mp4", 3, 100, np.zeros_like(GREY)),
        SampledFrame("a.mp4", 6, 200, None, "no picture"),
        SampledFrame("a.mp4", 9, 300, None, "no picture"),
    ]


def test_every_frame_has_a_status_and_losses_are_told_once() -> None:
    found = detect_faces(frames(), one_face)
    assert [row["status"] for row in found.frames] == ["ok", "no_face"] + ["decode_error"] * 2
    assert [(f.stage, f.frame_index, f.message) for f in found.failures] == [
        ("decode", 6, "no picture")
    ]
    assert found.crops.shape == (1, 48, 48)
    np.testing.assert_array_equal(found.crops[0], crop_face(GREY, Box(10, 20, 60, 60)))


def test_detection_forgets_at_the_start_of_a_segment_and_knows_the_time_that_passed() -> None:
    elapsed: list[int | None] = []

    def note_time(grey: NDArray[np.uint8], since_ms: int | None = None, *_: object) -> list[Face]:
        elapsed.append(since_ms)
        return []

    shown = [(0, True, GREY), (40, False, GREY), (80, True, None), (120, False, GREY)]
    shown += [(200, False, None), (240, False, GREY), (280, True, GREY)]
    clip = [SampledFrame("a.mp4", 0, ms, grey, "", starts) for ms, starts, grey in shown]
    detect_faces(clip, note_time)
    assert elapsed == [None, 40, None, 120, None]


def test_a_tilted_crop_is_turned_upright() -> None:
    upright = np.full((200, 200), 90, np.uint8)
    cv2.rectangle(upright, (70, 60), (130, 80), 220, -1)
    turn = cv2.getRotationMatrix2D((99.5, 99.5), -20, 1.0)  # 20 degrees clockwise
    leaning = cv2.warpAffine(upright, turn, (200, 200), borderMode=cv2.BORDER_REPLICATE)
    box = Box(50, 50, 100, 100)
    wanted = crop_face(upright, box).astype(int)
    assert abs(crop_face(leaning, box, 20.0).astype(int) - wanted).mean() < 3
    assert abs(crop_face(leaning, box).astype(int) - wanted).mean() > 10


@pytest.mark.parametrize("tilt", [0.0, 20.0])
@pytest.mark.parametrize(
    "square", [Box(-30, 40, 90, 90), Box(120, -20, 60, 60), Box(5, 90, 70, 70)]
)
def test_beyond_the_frame_a_crop_repeats_its_edge(square: Box, tilt: float) -> None:
    wide = np.asarray(cv2.copyMakeBorder(GREY, 50, 50, 50, 50, cv2.BORDER_REPLICATE), np.uint8)
    wanted = crop_face(wide, square._replace(x=square.x + 50, y=square.y + 50), tilt)
    np.testing.assert_array_equal(crop_face(GREY, square, tilt), wanted)


def test_a_row_has_what_the_frame_shows_and_looks_of_the_whole() -> None:
    box, square = Box(0, 40, 60, 80), Box(-30, 40, 90, 90)
    found = detect_faces(frames()[:1], lambda *_: [Face(box, square)])
    (row,) = found.faces
    assert Box(*(row[f"box_{side}"] for side in Box._fields)) == box  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.crops[0], crop_face(GREY, square))


def test_a_committed_span_gives_its_rows_back() -> None:
    found = detect_faces(frames(), one_face)
    scores = np.array([[0.1, 0, 0, 0.7, 0.1, 0.1, 0]], np.float32)
    rows = span_rows([span_table(found, scores), span_table(found, scores)])
    assert [rows[name].num_rows for name in ("faces", "frames", "failures")] == [2, 8, 2]
    assert rows["faces"].schema.equals(FACES)
    assert rows["frames"].schema.equals(FRAMES)
    assert rows["failures"].schema.equals(FAILURES)
    face = rows["faces"].to_pylist()[0]
    assert (face["emotion"], face["box_y"], face["track_id"]) == ("happy", 20, None)
    assert face["detector_score"] == 0.5
    assert face["roll"] is face["yaw"] is None
    assert face["brightness"] == pytest.approx(found.crops[0].mean())
    assert face["confidence"] == face["p_happy"] == np.float32(0.7)
    assert sum(face[f"p_{name}"] for name in NAMES) == pytest.approx(1)


def test_spans_without_a_face_give_empty_tables() -> None:
    found = detect_faces([], one_face)
    rows = span_rows([span_table(found, np.empty((0, 7), np.float32))])
    assert [rows[name].num_rows for name in ("faces", "frames", "failures")] == [0, 0, 0]


def test_scores_must_fit_the_faces() -> None:
    with pytest.raises(ValueError, match="scores"):
        span_table(detect_faces(frames(), one_face), np.empty((0, 7), np.float32))


def test_haar_finds_a_face_in_a_large_frame_at_its_place() -> None:
    composite = cv2.imread(str(SAMPLES / "composites/happy.png"), cv2.IMREAD_GRAYSCALE)
    frame = np.full((900, 1600), 128, np.uint8)
    frame[300:684, 900:1284] = cv2.resize(composite, (384, 384))
    ((box, square, score, tilt, yaw, sure),) = load_detector(HAAR)(frame)
    assert square == box
    assert score is not None
    assert score > 0.9
    assert sure
    assert abs(tilt) < 5
    assert yaw is not None
    assert abs(yaw) < 15
    assert 900 <= box.x < box.x + box.width <= 1284
    assert 300 <= box.y < box.y + box.height <= 684
    assert box.width > 250


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(FerError, match="redetect"):
        DetectorSettings(redetect_ms=0)


def test_of_very_many_faces_in_a_frame_the_largest_are_kept_and_told() -> None:
    boxes = [Box(0, 0, 20 + at % 50, 20) for at in range(MAX_FACES + 100)]
    faces = [Face(box, box) for box in boxes]
    frame = SampledFrame("crowd.png", 0, 0, np.zeros((100, 100), np.uint8))
    found = detect_faces([frame], lambda *_: list(faces))
    assert len(found.faces) == len(found.crops) == MAX_FACES
    assert found.frames[0]["face_count"] == MAX_FACES
    assert min(int(str(row["box_width"])) for row in found.faces) > 20
    (failure,) = found.failures
    assert (failure.stage, failure.media) == ("detect", "crowd.png")
    assert f"{MAX_FACES + 100} faces" in failure.message
