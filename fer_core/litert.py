"""Runs a network of LiteRT, the small runtime of TensorFlow, on one thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class LiteRtNetwork:
    """A network with one input, for one thread.

    Another shape than that of the last call costs time: 0.2 ms for a batch of crops, 15 ms the
    first time it grows; several for a frame.

    Args:
        data: the bytes of a `.tflite` file.

    Raises:
        ValueError, RuntimeError: it is no network, or one of several inputs.
    """

    def __init__(self, data: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=data, num_threads=1)
        values, *others = self._interpreter.get_input_details()
        if others:
            raise ValueError(f"has {1 + len(others)} inputs, needs one")
        outputs = self._interpreter.get_output_details()
        self.shapes = [tuple(map(int, tensor["shape"])) for tensor in (values, *outputs)]
        """Of the input and of each output, as the file has them."""
        self._input, self._outputs = int(values["index"]), [int(each["index"]) for each in outputs]
        self._fitted: tuple[int, ...] | None = None

    def __call__(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Returns the outputs for an input of any shape that the network can be resized to."""
        if values.shape != self._fitted:
            self._interpreter.resize_tensor_input(self._input, values.shape)
            self._interpreter.allocate_tensors()
            self._fitted = values.shape
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()
        return [np.asarray(self._interpreter.get_tensor(at), np.float32) for at in self._outputs]
