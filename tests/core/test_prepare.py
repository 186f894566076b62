"""What a folder says of a picture, and which face of it is used."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fer_core.detect_faces import SampledFrame
from fer_core.detection.detector import detect_whole
from fer_core.faces import Box, Face, crop_face
from fer_core.learn.labelled_faces import (
    LabelledFace,
    Skipped,
    count_outcomes,
    is_trainable,
    label_of,
    missing_emotions,
    part_of_crop,
    prepare_faces,
)


@pytest.mark.parametrize(
    ("media", "label"),
    [
        ("angry/a.png", ("train", 0)),
        ("valid/surprise/deep/a.png", ("valid", 6)),
        ("test/happy/a.png", ("test", 3)),
        ("train/contempt/a.png", None),
        ("train/a.png", None),
        ("happy", None),
        ("more/happy/a.png", None),
    ],
)
def test_a_path_says_part_and_emotion(media: str, label: tuple[str, int] | None) -> None:
    assert label_of(media) == label


def test_shares_are_kept_over_many_crops() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (5000, 48, 48), np.uint8)
    drawn = [part_of_crop(crop, 0.1) for crop in crops]
    assert 400 < drawn.count("valid") < 600
    assert {part_of_crop(crop, 0.0) for crop in crops} == {"train"}


def test_cropped_faces_are_taken_whole() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    frame = SampledFrame("valid/fear/a.png", 0, 0, grey)
    (face,) = prepare_faces([frame], detect_whole, 0.5)
    assert isinstance(face, LabelledFace)
    assert (face.part, face.emotion, face.box) == ("valid", 2, (0, 0, 48, 48))
    crop = cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(crop, grey)


def test_the_largest_face_is_taken_of_equal_ones_the_first() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (90, 160), np.uint8)
    boxes = [Box(0, 0, 40, 40), Box(20, 10, 60, 70), Box(90, 10, 60, 70)]
    frame = SampledFrame("sad/a.png", 0, 0, grey)
    (face,) = prepare_faces([frame], lambda *_: [Face(box, box) for box in boxes], 0.0)
    assert isinstance(face, LabelledFace)
    assert (face.part, face.emotion, face.box) == ("train", 5, boxes[1])
    crop = cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(np.asarray(crop), crop_face(grey, boxes[1]))


def test_a_picture_outside_every_emotion_has_no_place_here() -> None:
    with pytest.raises(ValueError, match="no folder of an emotion"):
        list(prepare_faces([SampledFrame("a.png", 0, 0, None)], detect_whole, 0.1))
    (left,) = prepare_faces([SampledFrame("sad/a.png", 0, 0, None, "gone")], detect_whole, 0.1)
    assert left == Skipped("sad/a.png", "unreadable", "gone")


def test_every_emotion_must_be_in_train_and_some_in_valid() -> None:
    faces = [LabelledFace(f"{i}.png", "train", i, b"", Box(0, 0, 48, 48)) for i in range(7)]
    assert not is_trainable(count_outcomes(faces, []))
    faces.append(LabelledFace("7.png", "valid", 6, b"", Box(0, 0, 48, 48)))
    assert is_trainable(count_outcomes(faces, []))
    counts = count_outcomes(faces[1:], [Skipped("angry/0.png", "no_face", "")])
    assert missing_emotions(counts) == ["angry"]
    assert counts["no_face"]["angry"] == 1
    assert not is_trainable(counts)
