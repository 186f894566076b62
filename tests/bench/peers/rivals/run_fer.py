"""The `fer` package as its documentation uses it: Haar path, every frame of a video.

Runs in the environment of the rivals; imports nothing of ferbeam.
"""

import json
import sys
import time

import cv2
from fer.fer import FER


def main() -> None:
    """Writes the boxes of every `step`-th of the first `most` frames of each clip."""
    output, step, most, *clips = sys.argv[1:]
    detector = FER(mtcnn=False)
    found = {}
    for clip in clips:
        video = cv2.VideoCapture(clip)
        boxes, number, start = {}, 0, time.perf_counter()
        while number < int(most):
            ok, frame = video.read()
            if not ok:
                break
            if number % int(step) == 0:
                faces = detector.detect_emotions(frame)
                boxes[number] = [[int(side) for side in face["box"]] for face in faces]
            number += 1
        found[clip] = {"seconds": time.perf_counter() - start, "frames": number, "boxes": boxes}
    with open(output, "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
