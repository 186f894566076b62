"""A small ONNX file with the inputs and outputs of YuNet 2023mar that really looks at the picture.

Its faces are two equal bright dots, the eyes, on a dark ground; box, mouth and nose follow from
them. Per cell of 32 pixels it takes the moments of the light in a window of three cells: their
mean is the middle of the eyes, their principal axis the line through them. A cell finds a face
where that middle lies in it and no light beyond the window, within five cells, was cut off: faces
are to be some 110 pixels apart.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray

DARKEST = 100
"""Only what is brighter counts."""
MOUTH = 1.1
"""From the middle of the eyes to that of the mouth corners, in distances of the eyes."""
STRIDE, WINDOW = 32, 96

GRAPH = """
<ir_version: 8, opset_import: ["": 13]>
yunet (float[1, 3, 640, 640] input) => (
  float[1, 6400, 1] cls_8, float[1, 1600, 1] cls_16, float[1, 400, 1] cls_32,
  float[1, 6400, 1] obj_8, float[1, 1600, 1] obj_16, float[1, 400, 1] obj_32,
  float[1, 6400, 4] bbox_8, float[1, 1600, 4] bbox_16, float[1, 400, 4] bbox_32,
  float[1, 6400, 10] kps_8, float[1, 1600, 10] kps_16, float[1, 400, 10] kps_32
) {
  half = Constant <value = float[1, 1, 1, 1] {0.5}> ()
  two = Constant <value = float[1, 1, 1, 1] {2.0}> ()
  nearly_none = Constant <value = float[1, 1, 1, 1] {0.000001}> ()
  near = Constant <value = float[1, 1, 1, 1] {0.1}> ()
  few = Constant <value = float[1, 1, 1, 1] {0.01}> ()
  refusal = Constant <value = float[1, 1, 1, 1] {-1000.0}> ()
  one = Constant <value = float[1, 1, 1, 1] {1.0}> ()
  white = Constant <value = float[1, 1, 1, 1] {255.0}> ()
  to_mouth = Constant <value = float[1, 1, 1, 1] {2.2}> ()
  to_middle = Constant <value = float[1, 1, 1, 1] {0.4}> ()
  to_nose = Constant <value = float[1, 1, 1, 1] {0.6}> ()
  mouth_share = Constant <value = float[1, 1, 1, 1] {0.8}> ()
  tall = Constant <value = float[1, 1, 1, 1] {1.3}> ()

  grey = Conv <kernel_shape = [1, 1]> (input, grey_weight)
  above = Conv <kernel_shape = [1, 1]> (input, grey_weight, grey_bias)
  light = Relu (above)
  sums = Conv <kernel_shape = [96, 96], strides = [32, 32], pads = [32, 32, 32, 32]>
    (light, moment_weight)
  mass, sx, sy, sxx, syy, sxy = Split <axis = 1> (sums, ones)
  some = Add (mass, nearly_none)
  mx = Div (sx, some)
  my = Div (sy, some)
  exx = Div (sxx, some)
  eyy = Div (syy, some)
  exy = Div (sxy, some)
  mxx = Mul (mx, mx)
  myy = Mul (my, my)
  mxy = Mul (mx, my)
  cxx = Sub (exx, mxx)
  cyy = Sub (eyy, myy)
  cxy = Sub (exy, mxy)

  along = Sub (cxx, cyy)
  across = Mul (cxy, two)
  along2 = Mul (along, along)
  across2 = Mul (across, across)
  square4 = Add (along2, across2)
  square = Sqrt (square4)
  twice = Add (square, along)
  hxx = Mul (twice, half)
  positive = Relu (hxx)
  hx = Sqrt (positive)
  hx_some = Add (hx, nearly_none)
  hy = Div (cxy, hx_some)
  eyes_half = Sqrt (square)
  eyes = Mul (eyes_half, two)

  down_y = Mul (hx, to_mouth)
  down_left = Mul (hy, to_mouth)
  down_x = Neg (down_left)
  right_x = Sub (mx, hx)
  right_y = Sub (my, hy)
  left_x = Add (mx, hx)
  left_y = Add (my, hy)
  nose_dx = Mul (down_x, to_nose)
  nose_dy = Mul (down_y, to_nose)
  nose_x = Add (mx, nose_dx)
  nose_y = Add (my, nose_dy)
  mouth_x = Add (mx, down_x)
  mouth_y = Add (my, down_y)
  corner_x = Mul (hx, mouth_share)
  corner_y = Mul (hy, mouth_share)
  mouth_rx = Sub (mouth_x, corner_x)
  mouth_ry = Sub (mouth_y, corner_y)
  mouth_lx = Add (mouth_x, corner_x)
  mouth_ly = Add (mouth_y, corner_y)
  kps = Concat <axis = 1> (right_x, right_y, left_x, left_y, nose_x, nose_y,
    mouth_rx, mouth_ry, mouth_lx, mouth_ly)

  box_dx = Mul (down_x, to_middle)
  box_dy = Mul (down_y, to_middle)
  box_x = Add (mx, box_dx)
  box_y = Add (my, box_dy)
  width = Mul (eyes, two)
  wide = Add (width, nearly_none)
  high = Mul (wide, tall)
  log_width = Log (wide)
  log_height = Log (high)
  bbox = Concat <axis = 1> (box_x, box_y, log_width, log_height)

  off_x = Sub (mx, half)
  off_y = Sub (my, half)
  far_x = Abs (off_x)
  far_y = Abs (off_y)
  over_x = Sub (far_x, half)
  over_y = Sub (far_y, half)
  out_x = Relu (over_x)
  out_y = Relu (over_y)
  missing = Sub (near, eyes)
  one_eye = Relu (missing)
  mass_around = Conv <kernel_shape = [160, 160], strides = [32, 32], pads = [64, 64, 64, 64]>
    (light, around_weight)
  beyond = Sub (mass_around, mass)
  share_beyond = Div (beyond, some)
  more_beyond = Sub (share_beyond, few)
  cut = Relu (more_beyond)
  out = Add (out_x, out_y)
  incomplete = Add (one_eye, cut)
  wrong = Add (out, incomplete)
  refused = Mul (wrong, refusal)
  obj = Add (refused, one)
  brightest = MaxPool <kernel_shape = [96, 96], strides = [32, 32], pads = [32, 32, 32, 32]> (grey)
  cls = Div (brightest, white)
"""


def write_yunet(path: Path) -> Path:
    """Writes the file."""
    text = GRAPH
    for name, size in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        for stride in (8, 16):
            text += (
                f"  {name}{stride} = Conv <kernel_shape = [{stride}, {stride}], "
                f"strides = [{stride}, {stride}]> (input, none_{size}_{stride})\n"
            )
            text += _flatten(f"{name}{stride}", f"{name}_{stride}", size)
        text += _flatten(name, f"{name}_32", size)
    model = onnx.parser.parse_model(text + "}")
    weights = {"grey_weight": np.full((1, 3, 1, 1), 1 / 3), "grey_bias": np.array([-DARKEST])}
    weights["moment_weight"] = _moments()
    weights["around_weight"] = np.ones((1, 1, WINDOW + 2 * STRIDE, WINDOW + 2 * STRIDE))
    for size in (1, 4, 10):
        for stride in (8, 16):
            weights[f"none_{size}_{stride}"] = np.zeros((size, 3, stride, stride))
    tensors = {name: value.astype(np.float32) for name, value in weights.items()}
    tensors["ones"] = np.ones(6, np.int64)
    for size in (1, 4, 10):
        tensors[f"flat_{size}"] = np.array([1, -1, size], np.int64)
    for name, tensor in tensors.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(tensor, name))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def _flatten(name: str, output: str, size: int) -> str:
    """From (1, size, rows, columns) to (1, rows * columns, size)."""
    return (
        f"  {output}_last = Transpose <perm = [0, 2, 3, 1]> ({name})\n"
        f"  {output} = Reshape ({output}_last, flat_{size})\n"
    )


def _moments() -> NDArray[np.float64]:
    """Weights of the moments 1, x, y, xx, yy, xy in cells from the corner of the middle cell."""
    y, x = (np.mgrid[0:WINDOW, 0:WINDOW] - STRIDE) / STRIDE
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y])[:, np.newaxis]


def draw_eyes(
    frame: NDArray[np.uint8],
    middle: tuple[float, float],
    distance: float,
    tilt: float = 0.0,
    light: int = 255,
) -> None:
    """Draws the two dots of a face.

    Args:
        frame: uint8 (height, width), drawn into.
        middle: x and y between the eyes, in pixels.
        distance: of the eyes, in pixels; the network sees up to 60 in what it searches.
        tilt: degrees by which the line of the eyes is turned clockwise.
        light: grey of the dots, above DARKEST.
    """
    along = np.array([np.cos(np.radians(tilt)), np.sin(np.radians(tilt))]) * distance / 2
    for x, y in (np.array(middle) - along, np.array(middle) + along):
        # Four bits of fraction, so that dots lie where they should.
        radius = round(max(3, distance / 12) * 16)
        cv2.circle(frame, (round(x * 16), round(y * 16)), radius, light, -1, cv2.LINE_AA, 4)
