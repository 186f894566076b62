"""YuNet: the file that is installed, as LiteRT and OpenCV run it; and another, of our own, which
finds pairs of bright dots.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from fer_core.detect_faces import SampledFrame, detect_faces
from fer_core.detection.detector import Detector, load_detector
from fer_core.detection.detector_settings import HAAR, DetectorSettings
from fer_core.detection.points import MIDDLE_BELOW_EYES, SIDE_PER_EYES
from fer_core.detection.yunet import YuNetFinder, propose_row
from fer_core.detection.yunet_file import fill_plan, find_yunet, read_yunet
from fer_core.detection.yunet_network import (
    OUTPUTS,
    STRIDES,
    Network,
    OpenCvNetwork,
    find_rows,
)
from fer_core.errors import ModelError
from fer_core.faces import clip_box
from fer_core.litert import LiteRtNetwork
from fer_core.pictures import read_coloured
from tests.core.yunet_file import MOUTH, draw_eyes, write_yunet
from tests.pipelines.jobs import ROOT, SAMPLES

COMPOSITES = {
    "angry": (0.331, 0.668, 0.357, 0.752),
    "disgust": (0.293, 0.714, 0.388, 0.829),
    "fear": (0.321, 0.679, 0.362, 0.819),
    "happy": (0.329, 0.673, 0.388, 0.760),
    "neutral": (0.327, 0.676, 0.395, 0.786),
    "sad": (0.293, 0.704, 0.403, 0.806),
    "surprise": (0.314, 0.686, 0.365, 0.806),
}
"""x of the eyes, y of the eyes, y of the mouth corners, read off by eye; shares of the side."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_yunet(tmp_path_factory.mktemp("yunet") / "dots.onnx")


@pytest.fixture(scope="module")
def detector(model: Path) -> Detector:
    settings = DetectorSettings(model_sha256=read_yunet(model)[1])
    return load_detector(settings, str(model), for_pictures=True)


@pytest.fixture(scope="module")
def networks() -> tuple[Network, Network]:
    """OpenCV's and LiteRT's."""
    onnx = find_yunet().read_bytes()
    return OpenCvNetwork(onnx, find_yunet()), LiteRtNetwork(fill_plan(onnx))


def dark(width: int, height: int) -> NDArray[np.uint8]:
    return np.full((height, width), 40, np.uint8)


def expected_box(middle: tuple[float, float], distance: float, tilt: float) -> tuple[float, ...]:
    """Left edge, upper edge and side of the square around eyes, as if the frame had no edges."""
    down = MIDDLE_BELOW_EYES * MOUTH * distance
    x = middle[0] - math.sin(math.radians(tilt)) * down
    y = middle[1] + math.cos(math.radians(tilt)) * down
    side = SIDE_PER_EYES * distance
    return x - side / 2, y - side / 2, side


@pytest.mark.parametrize(
    ("size", "middle", "distance", "tilt", "light"),
    [
        ((310, 200), (150, 90), 40, 0, 255),
        ((310, 200), (100.5, 77), 36, 25, 255),
        ((333, 517), (221, 400), 50, -40, 200),
        ((97, 101), (48, 40), 24, 10, 160),
        ((640, 480), (600, 240), 20, -10, 255),
        ((480, 640), (200, 300), 30, 80, 230),
        ((1600, 900), (1290, 400), 65, 15, 255),
        ((901, 1999), (333, 1500), 120, -30, 255),
    ],
)
def test_a_face_is_found_in_its_place_with_tilt_and_score(
    detector: Detector,
    size: tuple[int, int],
    middle: tuple[float, float],
    distance: float,
    tilt: float,
    light: int,
) -> None:
    frame = dark(*size)
    draw_eyes(frame, middle, distance, tilt, light)
    (face,) = detector(frame)
    zoom = max(1, max(size) / 1280)
    assert face.box.width == face.box.height
    found = (face.box.x, face.box.y, face.box.width)
    assert found == pytest.approx(expected_box(middle, distance, tilt), abs=1.5 * zoom)
    assert face.tilt == pytest.approx(tilt, abs=2)
    assert face.score == pytest.approx(math.sqrt(light / 255), abs=0.01)
    assert type(face.score) is float
    assert all(type(value) is int for value in face.box)


@pytest.mark.parametrize(
    ("closely", "size"),
    [(True, (1280, 720)), (False, (640, 360))],
)
def test_first_frames_are_searched_in_a_larger_copy(
    model: Path, closely: bool, size: tuple[int, int]
) -> None:
    finder, sizes = YuNetFinder(model), []

    def colour(width: int, height: int) -> NDArray[np.uint8]:
        sizes.append((width, height))
        return np.zeros((height, width, 3), np.uint8)

    assert not finder(dark(1920, 1080), colour, closely=closely)
    assert sizes == [size]


@pytest.mark.parametrize("middle", [(24, 100), (286, 100), (150, 10), (150, 185), (286, 180)])
def test_of_a_face_at_the_border_the_box_is_what_the_frame_shows(
    detector: Detector, middle: tuple[float, float]
) -> None:
    frame = dark(310, 200)
    draw_eyes(frame, middle, 40)
    (face,) = detector(frame)
    assert face.square.width == face.square.height == 101
    assert face.square[:2] == pytest.approx(expected_box(middle, 40, 0)[:2], abs=1)
    assert face.box == clip_box(face.square, (310, 200))
    assert 0 < face.box.width * face.box.height < 101 * 101


def test_a_square_is_no_larger_than_the_frame(detector: Detector) -> None:
    frame = dark(310, 90)
    draw_eyes(frame, (150, 40), 50)
    (face,) = detector(frame)
    x, y, side = expected_box((150, 40), 50, 0)
    assert side > 90
    assert face.square == pytest.approx((x + side / 2 - 45, y + side / 2 - 45, 90, 90), abs=1)


def test_faces_come_left_to_right_then_top_to_bottom(detector: Detector) -> None:
    frame = dark(640, 400)
    for middle in ((500, 60), (100, 300), (300, 200), (100, 80)):
        draw_eyes(frame, middle, 32)
    places = [(face.box.x, face.box.y) for face in detector(frame)]
    assert len(places) == 4
    assert places == sorted(places)


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (640, 480)])
def test_frames_without_a_face_have_none(detector: Detector, size: tuple[int, int]) -> None:
    assert detector(dark(*size)) == []


def test_a_frame_does_not_depend_on_those_before_it(detector: Detector) -> None:
    large, small = dark(640, 360), dark(200, 300)
    draw_eyes(large, (320, 100), 40, 12)
    draw_eyes(small, (100, 100), 30, -12)
    first = detector(large), detector(small)
    assert (detector(large, 40), detector(small, 80)) == first


def test_faint_faces_are_left_out_below_the_score(model: Path) -> None:
    frame = dark(300, 200)
    draw_eyes(frame, (150, 90), 40, light=150)
    assert len(YuNetFinder(model)(frame)) == 1
    assert YuNetFinder(model, least_score=0.8)(frame) == []


def test_the_score_is_written_and_the_crop_is_levelled(detector: Detector) -> None:
    frame = dark(400, 300)
    draw_eyes(frame, (200, 130), 48, 30, 240)
    found = detect_faces([SampledFrame("a.png", 0, 0, frame)], detector)
    assert found.faces[0]["detector_score"] == pytest.approx(math.sqrt(240 / 255), abs=0.01)
    rows, columns = np.nonzero(found.crops[0] > 150)
    left, right = columns < 24, columns >= 24
    assert rows[left].mean() == pytest.approx(rows[right].mean(), abs=0.5)
    assert columns[right].mean() - columns[left].mean() == pytest.approx(48 / SIDE_PER_EYES, abs=1)


@pytest.mark.parametrize("name", COMPOSITES)
def test_the_square_is_that_of_the_cascade(name: str) -> None:
    picture = read_coloured(SAMPLES / f"composites/{name}.png")[0]
    side = picture.shape[0]
    frame = cv2.copyMakeBorder(picture, side, side, side, side, cv2.BORDER_CONSTANT, value=128)
    (haar,) = load_detector(HAAR)(frame)
    right, left, eyes, mouth = (side * share for share in COMPOSITES[name])
    # Box, eyes, nose, corners of the mouth, score; box and nose play no part.
    points = (right, eyes, left, eyes, 0, 0, side * 0.4, mouth, side * 0.6, mouth)
    row = np.array([0, 0, 1, 1, *(side + value for value in points), 0.9], np.float32)
    row[:4] = 1.1 * side, 0.9 * side, 0.8 * side, 1.1 * side
    yunet, *_ = propose_row(row, np.ones(2))
    assert yunet.tilt == 0
    assert yunet.side == pytest.approx(haar.box.width, rel=0.13)
    for ours, theirs in zip(yunet[:2], haar.box[:2], strict=True):
        assert ours == pytest.approx(theirs + haar.box.width / 2, abs=0.06 * haar.box.width)


@pytest.mark.parametrize("size", [(640, 360), (330, 300), (321, 200)])
def test_both_find_what_opencv_finds(
    networks: tuple[Network, Network], size: tuple[int, int]
) -> None:
    group = cv2.resize(np.asarray(cv2.imread(str(SAMPLES / "pictures/group.png")), np.uint8), size)
    _, theirs = cv2.FaceDetectorYN.create(str(find_yunet()), "", size, 0.4).detect(group)
    assert len(theirs) > 1
    for network in networks:
        np.testing.assert_allclose(find_rows(network, group, 0.4), theirs, atol=0.01)


def test_another_plan_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fer_core.detection.yunet_file.FILLED_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="install it again"):
        fill_plan(find_yunet().read_bytes())


@pytest.mark.parametrize("size", [(64, 1), (1, 64), (33, 31)])
def test_nothing_is_found_where_there_is_nothing(
    networks: tuple[Network, Network], size: tuple[int, int]
) -> None:
    for network in networks:
        assert find_rows(network, np.full((*size, 3), 90, np.uint8), 0.4).shape == (0, 15)


def wrong_files(model: bytes) -> dict[str, bytes]:
    """Files that are no YuNet, by what is wrong with them."""
    head = '<ir_version: 8, opset_import: ["": 13]> other (float[1, 3, 640, 640] input) => '
    names = [f"{name}_{stride}" for name in OUTPUTS for stride in STRIDES]
    shapes = (
        f"({', '.join(f'float[1, 3, 1, 1] {name}' for name in names)}) {{"
        f"mean = GlobalAveragePool (input) {' '.join(f'{name} = Relu (mean)' for name in names)}}}"
    )
    graphs = {
        "outputs": head + "(float[1, 3, 640, 640] loc) { loc = Relu (input) }",
        "shapes": head + shapes,
        "operator": head + "(float[1, 3, 640, 640] cls_8) { cls_8 = NoSuchThing (input) }",
    }
    return {
        "empty": b"",
        "text": b"this is no network\n" * 40,
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:8f23\nsize 232589\n",
        "cut": model[: len(model) // 2],
        "picture": (SAMPLES / "composites/happy.png").read_bytes(),
        "litert": (ROOT / "models/fer_cnn/model.tflite").read_bytes(),
        **{
            name: onnx.parser.parse_model(text).SerializeToString() for name, text in graphs.items()
        },
    }


def test_files_that_are_no_yunet_are_refused_in_one_line(
    model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, data in wrong_files(model.read_bytes()).items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(data)
        with pytest.raises(ModelError) as refused:
            YuNetFinder(path)
        message = str(refused.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        wanted = "Git LFS" if name == "pointer" else "face_detection_yunet_2023mar.onnx"
        assert wanted in message
    assert capfd.readouterr() == ("", "")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.onnx"):
        with pytest.raises(ModelError, match="cannot be read"):
            YuNetFinder(path)


def test_another_file_than_the_settings_name_is_refused(model: Path) -> None:
    with pytest.raises(ModelError, match="sha256"):
        YuNetFinder(model, "0" * 64)
