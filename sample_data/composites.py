"""Composite faces: the average of many aligned training faces of each emotion; no person shows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.learn.labels import LabelledFaces, majority_labels

FACE_SIZE = 192
"""Side of a composite in pixels."""
ALIGN_SIZE = 96
CLEAREST = 300
"""How many faces of one emotion are looked at, the clearest by votes first."""
TRIED = 200
"""How many of those are tried: the likest to the neutral face, so seen from the front."""
KEPT_SHARE = 0.6
"""Share of the tried faces, those that fit the average best, that make the composite."""
ROUNDS = 4
FACE_ZOOM = 0.85
"""How much of its place in a training picture a face keeps, so that a margin is left around it."""
EXAGGERATION = 0.3
"""How much of its difference to the neutral face is added to an average, which is milder than any
of its faces (caricature: Brennan 1985)."""
FEAR_EXAGGERATION, FEAR_APART = 0.5, 0.4
"""How much of its differences to the neutral face and to surprise is added to fear: both have wide
eyes and an open mouth, which is nearly all that their averages keep."""
CONTRAST = 52.0
MOST_STRETCH = 1.35
MOST_SHIFT = 0.2
"""A warp that stretches more, or moves the middle by more of the side, has lost the face."""

Faces = NDArray[np.float32]
"""float32 (n, side, side), each of mean 0 and deviation 1."""
Warp = NDArray[np.float32]
"""float32 (2, 3), from the coordinates of the average to those of a face."""


def clearest_faces(faces: LabelledFaces, emotion: int) -> NDArray[np.intp]:
    """Returns the positions of the faces that most voters gave this emotion, clearest first."""
    votes = faces.votes[:, emotion]
    ours = np.flatnonzero(majority_labels(faces.votes) == emotion)
    return ours[np.argsort(-votes[ours], kind="stable")][:CLEAREST]


def likest_faces(crops: NDArray[np.uint8], template: Faces) -> NDArray[np.uint8]:
    """Returns the faces that correlate best with a template, the likest first."""
    fits = (enlarge_crops(crops, ALIGN_SIZE) * template).mean(axis=(1, 2))
    return crops[np.argsort(-fits, kind="stable")[:TRIED]]


def enlarge_crops(crops: NDArray[np.uint8], side: int) -> Faces:
    """Enlarges crops with Lanczos and gives each mean 0 and deviation 1."""
    large = [
        cv2.resize(crop.astype(np.float32), (side, side), interpolation=cv2.INTER_LANCZOS4)
        for crop in crops
    ]
    stack = np.stack(large).astype(np.float32)
    stack -= stack.mean(axis=(1, 2), keepdims=True)
    return np.asarray(stack / np.maximum(stack.std(axis=(1, 2), keepdims=True), 1.0), np.float32)


def align_face(template: Faces, face: Faces, start: Warp) -> tuple[float, Warp]:
    """Finds the affine warp of a face onto a template by ECC (Evangelidis and Psarakis, 2008).

    Returns:
        The correlation (-1 where no warp was found) and the warp.
    """
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    inside = np.zeros(face.shape, np.uint8)
    middle = (ALIGN_SIZE // 2, round(ALIGN_SIZE * 0.55))
    cv2.ellipse(inside, middle, (ALIGN_SIZE * 3 // 8, ALIGN_SIZE * 7 // 16), 0, 0, 360, 255, -1)
    try:
        fit, warp = cv2.findTransformECC(
            template, face, start.copy(), cv2.MOTION_AFFINE, criteria, inside, 5
        )
    except cv2.error:  # raised where the two have nothing in common
        return -1.0, start
    found = np.asarray(warp, np.float32)
    return (float(fit), found) if keeps_face(found) else (-1.0, np.eye(2, 3, dtype=np.float32))


def keeps_face(warp: Warp) -> bool:
    """Says whether a warp is small enough to have found the face."""
    stretches = np.linalg.svd(warp[:, :2], compute_uv=False)
    middle = np.array([ALIGN_SIZE / 2, ALIGN_SIZE / 2, 1], np.float32)
    shift = np.abs(warp @ middle - middle[:2]).max() / ALIGN_SIZE
    return bool(
        stretches.max() < MOST_STRETCH and stretches.min() > 1 / MOST_STRETCH and shift < MOST_SHIFT
    )


def warp_face(face: Faces, warp: Warp, side: int) -> Faces:
    """Draws a face of ALIGN_SIZE's coordinates onto `side` pixels."""
    ratio = side / ALIGN_SIZE
    scaled = warp.copy()
    scaled[:, 2] *= ratio
    return np.asarray(
        cv2.warpAffine(
            face,
            scaled,
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )


def zoom_out(warp: Warp) -> Warp:
    """Returns the warp that draws the face smaller by FACE_ZOOM around the middle."""
    shift = (1 - 1 / FACE_ZOOM) * ALIGN_SIZE / 2
    smaller = np.array([[1 / FACE_ZOOM, 0, shift], [0, 1 / FACE_ZOOM, shift], [0, 0, 1]])
    return np.asarray(warp @ smaller, np.float32)


def average_faces(crops: NDArray[np.uint8], template: Faces) -> tuple[Faces, int]:
    """Aligns faces to a template that becomes their own average over the rounds.

    Args:
        crops: uint8 (n, 48, 48).
        template: float32 (96, 96), what the first round aligns to.

    Returns:
        The average, float32 (192, 192), its own mirror image, and how many faces are in it.
    """
    small = enlarge_crops(crops, ALIGN_SIZE)
    warps = [np.eye(2, 3, dtype=np.float32)] * len(small)
    best: NDArray[np.intp] = np.arange(len(small))
    for _ in range(ROUNDS):
        found = [align_face(template, face, warp) for face, warp in zip(small, warps, strict=True)]
        warps = [warp for _, warp in found]
        fits = np.array([fit for fit, _ in found])
        best = np.argsort(-fits, kind="stable")[: round(len(small) * KEPT_SHARE)]
        template = mirror_mean(np.stack([warp_face(small[i], warps[i], ALIGN_SIZE) for i in best]))
    large = enlarge_crops(crops[best], FACE_SIZE)
    drawn = [warp_face(face, warps[i], FACE_SIZE) for face, i in zip(large, best, strict=True)]
    return mirror_mean(np.stack(drawn)), len(best)


def mirror_mean(faces: Faces) -> Faces:
    """Returns the mean of the faces and of their mirror images."""
    mean = faces.mean(axis=0)
    return np.ascontiguousarray((mean + mean[:, ::-1]) / 2, np.float32)


def finish_composite(average: Faces) -> NDArray[np.uint8]:
    """Sharpens what averaging blurred and sets the contrast of a photograph."""
    fine = average - cv2.GaussianBlur(average, (0, 0), 3.0)
    coarse = average - cv2.GaussianBlur(average, (0, 0), 10.0)
    sharp = average + 0.5 * fine + 0.5 * coarse
    sharp = (sharp - sharp.mean()) / sharp.std()
    return np.asarray(np.clip(np.rint(128 + CONTRAST * sharp), 0, 255), np.uint8)


def build_composites(faces: LabelledFaces) -> dict[str, tuple[NDArray[np.uint8], int]]:
    """Builds one composite per emotion.

    Returns:
        By the emotion's name: uint8 (192, 192) grey, and the number of faces averaged.
    """
    chosen = [faces.crops[clearest_faces(faces, emotion)] for emotion in range(len(NAMES))]
    template = neutral_template(chosen[NAMES.index("neutral")])
    averages = [average_faces(likest_faces(crops, template), template) for crops in chosen]
    means = {name: average for name, (average, _) in zip(NAMES, averages, strict=True)}
    drawn = {name: mean + EXAGGERATION * (mean - means["neutral"]) for name, mean in means.items()}
    fear = means["fear"]
    drawn["fear"] = fear + FEAR_EXAGGERATION * (fear - means["neutral"])
    drawn["fear"] = drawn["fear"] + FEAR_APART * (fear - means["surprise"])
    counts = [count for _, count in averages]
    return {
        name: (finish_composite(face), count)
        for (name, face), count in zip(drawn.items(), counts, strict=True)
    }


def neutral_template(crops: NDArray[np.uint8]) -> Faces:
    """Returns an average of neutral faces with a margin around it, float32 (96, 96)."""
    average, _ = average_faces(crops[:TRIED], mirror_mean(enlarge_crops(crops, ALIGN_SIZE)))
    small = cv2.resize(average, (ALIGN_SIZE, ALIGN_SIZE), interpolation=cv2.INTER_AREA)
    zoomed = warp_face(
        np.asarray(small, np.float32), zoom_out(np.eye(2, 3, dtype=np.float32)), ALIGN_SIZE
    )
    return np.asarray((zoomed - zoomed.mean()) / zoomed.std(), np.float32)
