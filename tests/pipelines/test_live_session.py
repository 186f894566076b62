"""The analysis behind the live page: as the batch job's, but causal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

import ferbeam
from fer_core.detect_faces import SampledFrame, detect_faces
from fer_core.detection.detector import load_detector
from fer_core.detection.detector_settings import DEFAULT, HAAR
from fer_core.emotions import NAMES
from fer_core.errors import MediaError, SettingsError
from fer_core.faces import Box, Face
from fer_core.model import find_model_dir, load_card, load_classifier
from fer_core.pictures import read_coloured
from fer_core.prior import DEFAULT_PRIOR
from fer_core.tracking.causal import KEEP_MS, CausalTracks
from ferbeam.live.analyst import Analyst
from ferbeam.live.playback import Playback
from ferbeam.live.recording import Recorder, RecordingRequest
from ferbeam.live.session import Session, load_session, read_frame
from ferbeam.output.folder import Folder, Output
from ferbeam.settings import RowSettings
from ferbeam.verify.verify_output import verify_output
from tests.pipelines.jobs import SAMPLES, tables_of

VIDEO = SAMPLES / "videos" / "two_faces.mp4"


def one_hot(index: int) -> NDArray[np.float32]:
    return np.eye(7, dtype=np.float32)[[index]]


def jpeg_of(size: tuple[int, int] = (64, 48)) -> bytes:
    grey = np.full((size[1], size[0]), 128, np.uint8)
    return bytes(cv2.imencode(".jpg", grey)[1].tobytes())


def test_a_frame_is_decoded_as_a_picture_is() -> None:
    path = SAMPLES / "pictures" / "rotated.jpg"
    np.testing.assert_array_equal(read_frame(path.read_bytes())[0], read_coloured(path)[0])


def test_faces_and_scores_are_those_of_the_batch_job() -> None:
    playback = Playback(str(VIDEO))
    frames = [frame for _ in range(24) if (frame := playback.next_frame(lambda: 0))][::3]
    playback.close()
    sampled = [
        SampledFrame(
            *("a", at.frame_index, at.timestamp_ms, at.grey(), "", at is frames[0]),
            colour=at.colour,
        )
        for at in frames
    ]
    wanted = detect_faces(sampled, load_detector(DEFAULT))
    scores = load_classifier(find_model_dir(), prior=DEFAULT_PRIOR)(wanted.crops)
    session = load_session()
    seen = [
        face
        for at in frames
        for face in session.analyse(at.grey(), at.timestamp_ms, at.colour).faces
    ]
    assert len(scores) > 10
    boxes = [[row[f"box_{part}"] for part in Box._fields] for row in wanted.faces]
    assert [list(face.box) for face in seen] == boxes
    np.testing.assert_allclose(np.stack([face.scores for face in seen]), scores, atol=1e-4)
    assert len({face.track_id for face in seen}) == 2


def test_the_faces_drawn_to_be_read_are_read_so_live_and_in_pictures() -> None:
    """A face on the page for a third of a second, in the JPEG of a camera, and its picture."""
    live, still = [], []
    for name in NAMES:
        file = SAMPLES / "composites" / f"{name}.png"
        analyst, coloured = Analyst(load_session()), cv2.imread(str(file))
        jpeg = cv2.imencode(".jpg", coloured, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
        for at in range(0, 400, 40):
            (told,) = analyst.answer_jpeg(at, jpeg, at // 40, at)
        assert isinstance(told, dict)
        live += [NAMES[face["emotion"]] for face in told["faces"]]
        still += [face.emotion for face in ferbeam.faces(file)]
    assert live == list(NAMES)
    assert still == list(NAMES)


def test_what_is_not_sure_to_be_a_face_is_not_shown() -> None:
    """And is no row of a recording."""
    box = Box(10, 10, 30, 30)
    frames = iter([[Face(box, box, 0.7, sure=False)], [Face(box, box, 0.9)]])
    session = Session(lambda *_: next(frames), load_classifier(find_model_dir()))
    grey = np.full((48, 64), 90, np.uint8)
    assert [len(session.analyse(grey, 40 * at).faces) for at in range(2)] == [0, 1]


def test_no_face_goes_on_over_a_cut() -> None:
    """The same face, at the same place, in another room."""
    height, width = 240, 320
    face = cv2.imread(str(SAMPLES / "composites" / "happy.png"), cv2.IMREAD_GRAYSCALE)
    room = np.tile(np.linspace(0, 255, width, dtype=np.uint8), (height, 1))
    session, seen = load_session(), []
    for at, background in enumerate((room, room, 255 - room, 255 - room)):
        frame = background.copy()
        frame[60:180, 100:220] = cv2.resize(face, (120, 120))
        (found,) = session.analyse(frame, 40 * at).faces
        seen.append(found.track_id)
    assert seen == [0, 0, 1, 1]


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff", jpeg_of()[:-40]])
def test_what_is_no_whole_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(MediaError):
        read_frame(data)


def test_a_frame_too_large_is_refused() -> None:
    with pytest.raises(MediaError, match="pixels"):
        read_frame(jpeg_of((2000, 1100)))


def test_a_change_shows_within_300_ms() -> None:
    tracks, box = CausalTracks(), [Box(10, 10, 100, 100)]
    for at in range(0, 1000, 50):
        tracks.advance(box, one_hot(4), at)
    shown = [int(tracks.advance(box, one_hot(3), at)[1].argmax()) for at in range(1000, 1301, 50)]
    assert shown[0] == 4
    assert shown[-1] == 3
    assert sorted(shown, reverse=True) == shown


def test_one_false_frame_does_not_show() -> None:
    tracks, box = CausalTracks(), [Box(10, 10, 100, 100)]
    shown = [
        int(tracks.advance(box, one_hot(0 if at == 500 else 4), at)[1].argmax())
        for at in range(0, 1000, 50)
    ]
    assert set(shown) == {4}


def test_smoothing_does_not_depend_on_the_rate_of_frames() -> None:
    def after(step: int) -> NDArray[np.float32]:
        tracks, box = CausalTracks(), [Box(0, 0, 50, 50)]
        tracks.advance(box, one_hot(0), 0)
        return [tracks.advance(box, one_hot(3), at)[1] for at in range(step, 241, step)][-1]

    np.testing.assert_allclose(after(20), after(80), atol=1e-5)


def test_faces_keep_their_tracks_whatever_their_order() -> None:
    left, right = Box(0, 0, 80, 80), Box(200, 0, 80, 80)
    tracks, scores = CausalTracks(), np.concatenate([one_hot(1), one_hot(2)])
    assert tracks.advance([left, right], scores, 0)[0] == [0, 1]
    moved = [Box(210, 5, 80, 80), Box(8, 3, 80, 80)]
    assert tracks.advance(moved, scores[::-1], 40)[0] == [1, 0]
    nobody: NDArray[np.float32] = np.empty((0, 7), np.float32)
    assert tracks.advance([], nobody, 500)[1].shape == (0, 7)
    assert tracks.advance([right], one_hot(2), 40 + KEEP_MS)[0] == [1]
    assert tracks.advance([left], one_hot(1), 41 + KEEP_MS)[0] == [2]  # away for too long
    tracks.forget()
    assert tracks.advance([left], one_hot(1), 2000)[0] == [3]


@dataclass
class Clock:
    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Recording:
    """A recorder with an analyst that sees one face, or two in every third frame."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    frames: int = 0

    def __post_init__(self) -> None:
        card = load_card(find_model_dir())
        sha256 = card.sha256_for("litert")
        rows = RowSettings(None, HAAR, "litert", sha256, 1.0, card.preprocessing, 10**6)
        request = RecordingRequest(Output(str(self.folder)), "camera", "jpeg", rows, card)
        self.recorder = Recorder(request, self.clock)
        self.analyst = Analyst(Session(self._detect, self._classify), self.recorder)

    def _detect(self, grey: NDArray[np.uint8], *_: object) -> list[Face]:
        self.frames += 1
        boxes = [Box(2, 2, 20, 20), Box(30, 2, 16, 16)]
        count = (0, 1, 2)[self.frames % 3]
        return [Face(box, box) for box in boxes[:count]]

    def _classify(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores = np.full((len(crops), 7), 0.1, np.float32)
        scores[:, self.frames % 7] = 0.4
        return scores

    def send(self, first: int, count: int, size: tuple[int, int] = (64, 48)) -> None:
        for at in range(first, first + count):
            self.analyst.answer_jpeg(at, jpeg_of(size), 2 * at, 5000 + 100 * at)


def assert_clean(folder: Path) -> None:
    assert [finding.line() for finding in verify_output(Output(str(folder))).findings] == []


def test_a_recording_is_whole_at_every_minute(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    recording = Recording(folder)
    recording.send(0, 9)
    assert not (folder / "run.json").exists()
    recording.clock.seconds += 61
    recording.send(9, 1)
    assert_clean(folder)
    assert tables_of(folder)["frames"].num_rows == 10
    recording.send(10, 5)
    recording.analyst.answer_jpeg(99, b"\xff\xd8broken", 30, 6500)
    recording.clock.seconds += 61
    recording.send(16, 4, (80, 60))  # a camera of another size
    recording.clock.seconds -= 3600  # set back, as at the end of summer time
    recording.send(20, 1, (80, 60))
    assert tables_of(folder)["frames"].num_rows == 21
    assert recording.analyst.finish() == 21
    assert_clean(folder)
    tables = tables_of(folder)
    media = tables["media"].to_pylist()
    assert [row["media"][:5] for row in media] == ["live-", "live-"]
    assert [(row["width"], row["frames_sampled"]) for row in media] == [(64, 16), (80, 5)]
    assert [row["frames_lost"] for row in media] == [1, 0]
    assert media[0]["frame_count"] == 30  # every second one was not analysed, one is lost
    assert media[0]["duration_ms"] == 1550
    assert tables["failures"].num_rows == 1
    faces = tables["faces"].to_pylist()
    assert {row["smoothed_emotion"] for row in faces} <= set(NAMES)
    assert {row["track_id"] for row in faces} == {0, 1}
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run["belongs_to"]["INPUT"] == "camera"
    assert run["counts"]["detect"]["frames"] == 20


def test_a_recording_that_is_killed_while_it_writes_has_every_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For who reads by `run.json`, and for who reads all files of a folder."""
    left, changes = [0], 0
    for name in ("write", "move", "keep", "remove"):
        whole = getattr(Folder, name)

        def changing(*given: Any, whole: Callable[..., Any] = whole) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return whole(*given)

        monkeypatch.setattr(Folder, name, changing)
    for changes in range(1, 100, 2):
        folder = tmp_path / str(changes)
        recording = Recording(folder)
        recording.send(0, 4)
        recording.analyst.flush()
        recording.send(4, 3)
        left[0] = changes
        try:
            recording.analyst.flush()
        except KeyboardInterrupt:
            left[0] = 0
        else:
            break
        told = tables_of(folder)
        assert told["frames"].num_rows == told["media"]["frames_sampled"][0].as_py()
        for name in ("media", "frames"):
            rows = pq.read_table(folder / name).to_pylist()
            places = {(row["media"], row.get("frame_index")) for row in rows}
            assert len(places) == len(rows), (changes, name)
        recording.analyst.finish()  # as where the disk was full for a moment
        assert_clean(folder)
        assert tables_of(folder)["frames"].num_rows == 7
        assert pq.read_table(folder / "frames").num_rows == 7
        assert pq.read_table(folder / "media").num_rows == 1
    assert changes > 8


def test_nothing_is_recorded_while_it_is_off(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "out")
    recording.send(0, 3)
    assert recording.analyst.record(False)[-1] == {"type": "recording", "on": False, "frames": 3}
    recording.send(3, 4)
    assert recording.analyst.record(True)[-1] == {"type": "recording", "on": True, "frames": 3}
    recording.send(7, 2)
    assert recording.analyst.finish() == 5
    assert_clean(tmp_path / "out")
    indices = tables_of(tmp_path / "out")["frames"]["frame_index"].to_pylist()
    assert indices == [0, 2, 4, 14, 16]
    with pytest.raises(SettingsError, match="choose a new folder"):
        Recording(tmp_path / "out")


def test_a_video_that_begins_anew_is_another_medium(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "out")
    recording.send(0, 3)
    recording.analyst.record(False)
    recording.analyst.restart(anew=True)
    recording.analyst.record(True)
    recording.send(0, 2)
    recording.analyst.finish()
    assert_clean(tmp_path / "out")
    media = tables_of(tmp_path / "out")["media"].to_pylist()
    assert [row["frames_sampled"] for row in media] == [3, 2]


def test_a_disk_that_fails_ends_the_recording_alone(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "out")
    recording.send(0, 2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".spans").write_text("in the way")
    recording.clock.seconds += 61
    answer = recording.analyst.answer_jpeg(2, jpeg_of(), 2, 5200)
    result, ended = (message for message in answer if isinstance(message, dict))
    assert result["type"] == "result"
    assert not ended["on"]
    assert ".spans" in ended["problem"]
    assert not recording.analyst.recording
