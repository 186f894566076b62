"""The end-to-end bench: pictures lie where it thinks, and every face is counted once."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import HAAR
from fer_core.faces import Box, crop_face
from fer_core.records import FACES, FRAMES
from fer_core.video.frames import read_spans
from fer_core.video.index import index_video
from fer_core.video.spans import plan_spans
from tests.bench.end_to_end import FRAMES_EACH, Subject, choose_pictures, print_figures, read_faces
from tests.bench.matching import FoundFace, lost_accuracy, match_faces
from tests.bench.mosaic import GREY, Place, cell_at, choose_places, draw_frame, write_videos
from tests.core.faces import draw_faces, encode_png, write_part
from tests.pipelines.finished import write_finished
from tests.pipelines.jobs import SAMPLES
from tests.truth import read_truth

TWO_FRAMES = 2


@pytest.fixture(scope="module")
def crops() -> NDArray[np.uint8]:
    """A crop of every face in the sample pictures, uint8 (n, 48, 48)."""
    truth = read_truth(SAMPLES / "truth.json")
    found = []
    for medium in sorted(name for name, known in truth.media.items() if known["kind"] == "image"):
        grey = cv2.imread(str(SAMPLES / medium), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        found += [
            crop_face(np.asarray(grey, np.uint8), box) for box, _ in truth.faces_at(medium, 0)
        ]
    return np.stack(found)


@pytest.fixture(scope="module")
def decoded(
    crops: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory
) -> list[NDArray[np.uint8]]:
    """The grey frames of the bench's videos as the product reads them, in order."""
    folder = tmp_path_factory.mktemp("videos")
    frames = []
    for name in write_videos(folder, crops, choose_places(len(crops), seed=3), TWO_FRAMES):
        for reading in plan_spans(index_video(folder / name), Fraction(10), 10):
            frames += [frame.grey for frame in read_spans(folder / name, reading)]
    return [frame for frame in frames if frame is not None]


def faces_on(places: list[Place]) -> list[FoundFace]:
    """Returns a face exactly on every picture, its emotion the picture's number modulo 7."""
    return [
        FoundFace(place.frame, Box(place.x, place.y, place.side, place.side), place.picture % 7)
        for place in places
    ]


def test_every_picture_lies_in_its_own_cell_with_room_around() -> None:
    places = choose_places(600, seed=1)
    assert [place.picture for place in places] == list(range(600))
    assert len({(place.frame, place.cell) for place in places}) == 600
    assert {place.cell for place in places} == set(range(6))
    for place in places:
        first, last = (place.x - 24, place.y - 24), (place.x + place.side, place.y + place.side)
        assert cell_at(*first) == cell_at(last[0] + 23, last[1] + 23) == place.cell
        assert first[0] >= 0
        assert first[1] >= 0
        assert last[0] + 24 <= 1280
        assert last[1] + 24 <= 720
    sizes = [place.enlarged for place in places]
    assert 2 <= min(sizes) < 2.1 < 5.9 < max(sizes) <= 6


def test_pictures_are_in_the_videos_where_the_places_say(
    crops: NDArray[np.uint8], decoded: list[NDArray[np.uint8]]
) -> None:
    places = choose_places(len(crops), seed=3)
    assert len(decoded) == places[-1].frame + 1 > TWO_FRAMES
    for place in places:
        seen = crop_face(decoded[place.frame], Box(place.x, place.y, place.side, place.side))
        off = np.abs(crops.astype(np.int16) - seen).mean(axis=(1, 2))
        assert off.argmin() == place.picture
        assert off[place.picture] < 4


def test_borders_go_on_and_fade_without_an_edge(crops: NDArray[np.uint8]) -> None:
    place = choose_places(1, seed=3)[0]
    frame = draw_frame(crops, [place]).astype(np.int16)
    assert (frame[:, 426:] == GREY).all()
    assert (frame[360:] == GREY).all()
    assert (frame[[0, 359], :] == GREY).all()
    assert (frame[:, [0, 425]] == GREY).all()
    middle = place.y + place.side // 2
    assert (frame[middle, place.x - 8 : place.x] == frame[middle, place.x]).all()
    assert np.abs(np.diff(frame[middle, : place.x])).max() < 30


def test_the_detector_finds_the_sample_faces_in_their_places(
    crops: NDArray[np.uint8], decoded: list[NDArray[np.uint8]]
) -> None:
    places = choose_places(len(crops), seed=3)
    detect = load_detector(HAAR)
    faces = [FoundFace(n, face.box, 3) for n, grey in enumerate(decoded) for face in detect(grey)]
    matches = match_faces(places, faces)
    assert matches.found.mean() > 0.8
    assert matches.found.sum() + matches.second_faces + matches.false_faces == len(faces)
    assert 36 < np.nanmedian(matches.widths) < 60


def test_every_face_is_counted_once_and_the_largest_counts() -> None:
    places = choose_places(20, seed=5)
    faces = faces_on(places)
    matches = match_faces(places, reversed(faces))
    assert list(matches.emotions) == [n % 7 for n in range(20)]
    assert np.allclose(matches.widths, 48)
    assert (matches.second_faces, matches.false_faces) == (0, 0)

    smaller = FoundFace(places[4].frame, Box(places[4].x + 9, places[4].y + 9, 40, 40), 0)
    beside = FoundFace(places[5].frame, Box(places[5].x - 21, places[5].y, 40, 40), 0)
    empty = FoundFace(3, Box(1000, 500, 50, 50), 0)
    beyond = FoundFace(99, faces[0].box, 0)
    del faces[5]
    matches = match_faces(places, [smaller, beside, empty, beyond, *faces])
    assert matches.emotions[4] == 4
    assert matches.emotions[5] == -1
    assert np.isnan(matches.widths[5])
    assert matches.found.sum() == 19
    assert (matches.second_faces, matches.false_faces) == (1, 3)


def test_what_is_lost_is_compared_on_the_same_pictures() -> None:
    crops_right = np.array([1, 1, 1, 1, 0, 0, 0, 0] * 20, bool)
    found = np.array([1, 1, 1, 1, 1, 0, 0, 0] * 20, bool)
    whole_right = np.array([1, 1, 1, 0, 0, 0, 0, 0] * 20, bool)
    values, bounds = lost_accuracy(crops_right, whole_right, found)
    assert values == pytest.approx([0.6 - 0.8, 0.6 - 0.5])
    assert (bounds[0] < values).all()
    assert (values < bounds[1]).all()
    _, none = lost_accuracy(crops_right, crops_right, found)
    assert none[:, 0] == pytest.approx([0, 0])


def test_pictures_without_an_emotion_and_copies_are_left_out(tmp_path: Path) -> None:
    images = [encode_png(crop) for crop in draw_faces(8, seed=1)]
    write_part(tmp_path / "train.parquet", images[:2], [0, 1])
    write_part(tmp_path / "valid.parquet", images[1:], [1, 2, 3, None, 4, 5, 6])
    subject = choose_pictures(tmp_path, "valid", None, seed=0)
    assert sorted(subject.truth) == [2, 3, 4, 5, 6]
    assert subject.note.startswith("1 identical")
    assert len(choose_pictures(tmp_path, "valid", 3, seed=0).crops) == 3
    (tmp_path / "train.parquet").unlink()
    assert len(choose_pictures(tmp_path, "valid", None, seed=0).crops) == 6


def test_the_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    places = choose_places(14, seed=5)
    truth = np.arange(14) % 7
    subject = Subject(np.zeros((14, 48, 48), np.uint8), truth, "")
    predicted = np.where(np.arange(14) == 0, 6, truth)
    print_figures(subject, predicted, match_faces(places, faces_on(places)[:7]))
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line}
    assert lines["angry"] == ["angry", "2", "1", "0.500", "0.5000", "0.0000", "1.0000"]
    assert lines["all"] == ["all", "14", "7", "0.500", "0.9286", "0.8571", "1.0000"]
    assert lines["false"][-1] == lines["second"][-1] == "0"
    assert "48.0" in lines["box"]

    print_figures(subject, predicted, match_faces(places, []))
    assert "no face was found" in capsys.readouterr().out


def write_run(folder: Path, statuses: list[str], faces: list[tuple[str, int, Box, str]]) -> None:
    """Writes a finished run over two videos, as far as the bench reads it."""
    frames = [
        {"media": f"{n // FRAMES_EACH:03d}.mp4", "frame_index": n % FRAMES_EACH}
        | {"timestamp_ms": 0, "status": status, "face_count": 0}
        for n, status in enumerate(statuses)
    ]
    rows = [
        dict.fromkeys(FACES.names, 0.0)
        | dict.fromkeys(("timestamp_ms", "shown_ms", "face_index", "track_id"), 0)
        | {f"box_{side}": value for side, value in box._asdict().items()}
        | {"media": medium, "frame_index": index, "emotion": name, "smoothed_emotion": None}
        for medium, index, box, name in faces
    ]
    tables = {
        "frames": pa.Table.from_pylist(frames, FRAMES),
        "faces": pa.Table.from_pylist(rows, FACES),
    }
    write_finished(folder, [tables])


def test_faces_are_read_with_frames_counted_over_all_videos(tmp_path: Path) -> None:
    box, other = Box(3, 5, 70, 71), Box(400, 2, 90, 90)
    faces = [("001.mp4", 2, box, "surprise"), ("000.mp4", 59, other, "angry")]
    write_run(tmp_path, ["ok"] * 64, faces)
    read = read_faces(tmp_path, ["000.mp4", "001.mp4"], 64)
    assert read == [FoundFace(62, box, 6), FoundFace(59, other, 0)]
    with pytest.raises(RuntimeError, match="64 frames analysed, 0 lost; 65 were written"):
        read_faces(tmp_path, ["000.mp4", "001.mp4"], 65)
    write_run(tmp_path, ["ok"] * 63 + ["decode_error"], faces)
    with pytest.raises(RuntimeError, match="1 lost"):
        read_faces(tmp_path, ["000.mp4", "001.mp4"], 64)
