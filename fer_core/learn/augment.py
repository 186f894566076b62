"""Random changes to training crops that leave the expression as it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classify import CROP_SIZE

ROTATION_DEGREES = 15.0
ZOOM = (0.8, 1.3)
"""Four in five of the crops that the detector cuts from FER2013's pictures lie between 0.89 and
1.38, of other faces between 0.95 and 1.10; of posed ones it cuts some wider."""
SHIFT = 0.11
"""Share of the side; nine in ten of the detector's boxes lie nearer to the picture's centre."""
ERASE_SHARE = 0.5


def _affine(rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns a random 2x3 matrix: flip, rotation, scale and shift about the centre."""
    centre = (CROP_SIZE - 1) / 2
    angle = rng.uniform(-ROTATION_DEGREES, ROTATION_DEGREES)
    scale = float(np.exp(rng.uniform(*np.log(ZOOM))))
    matrix = np.asarray(cv2.getRotationMatrix2D((centre, centre), angle, scale), np.float64)
    matrix[:, 2] += rng.uniform(-SHIFT, SHIFT, 2) * CROP_SIZE
    if rng.random() < 0.5:
        flip = np.array([[-1.0, 0.0, CROP_SIZE - 1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        matrix = matrix @ flip
    return matrix


def _erase(crop: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Fills a random rectangle with its mean grey, in place (Zhong et al. 2017, 1708.04896)."""
    height, width = rng.integers(6, 20, 2)
    y, x = rng.integers(0, CROP_SIZE - height), rng.integers(0, CROP_SIZE - width)
    crop[y : y + height, x : x + width] = int(crop.mean())


def augment_crops(crops: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Returns a randomly changed copy of each crop, uint8 (n, 48, 48)."""
    out = np.empty_like(crops)
    for index, crop in enumerate(crops):
        cv2.warpAffine(
            crop,
            _affine(rng),
            (CROP_SIZE, CROP_SIZE),
            dst=out[index],
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if rng.random() < ERASE_SHARE:
            _erase(out[index], rng)
    return out


def mix_up(
    rows: tuple[NDArray[np.uint8], NDArray[np.float32]], alpha: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Mixes each crop, and its target, with another's (Zhang et al. 2018, arXiv 1710.09412).

    Args:
        rows: crops uint8 (n, 48, 48) and targets float32 (n, 7).
        alpha: the shares are drawn from Beta(alpha, alpha); above 0.
        rng: draws them, and the other crops.
    """
    crops, targets = rows
    shares, others = rng.beta(alpha, alpha, len(crops)), rng.permutation(len(crops))
    mixed = np.empty_like(crops)
    for index, (share, other) in enumerate(zip(shares, others, strict=True)):
        cv2.addWeighted(crops[index], share, crops[other], 1 - share, 0, dst=mixed[index])
    kept = shares.astype(np.float32)[:, np.newaxis]
    return mixed, kept * targets + (1 - kept) * targets[others]
