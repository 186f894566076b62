"""Reads the weights of an ONNX file: of its protobuf only what holds them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

GRAPH, INITIALIZER = 7, 5
DIMS, DATA_TYPE, NAME, RAW_DATA = 1, 2, 8, 9
FLOAT = 1
"""Numbers of fields, and of the type float32, of onnx.proto."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read_tensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Returns the float32 weights of an ONNX file by their names.

    Raises:
        ValueError: the bytes are no such file.
    """
    found = {}
    for graph in _list_messages(data, GRAPH):
        for tensor in _list_messages(graph, INITIALIZER):
            fields = list(_list_fields(tensor))
            told = {number: value for number, value in fields if number != DIMS}
            if told.get(DATA_TYPE) == FLOAT:
                shape = [int(value) for number, value in fields if number == DIMS]
                values = np.frombuffer(bytes(told[RAW_DATA]), "<f4").reshape(shape)
                found[bytes(told[NAME]).decode()] = values
    return found


def _list_messages(data: bytes, wanted: int) -> Iterator[bytes]:
    for number, value in _list_fields(data):
        if number == wanted:
            yield bytes(value)


def _list_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yields the fields of a message: their numbers and values."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_varint(data, at)
            yield key >> 3, value
            continue
        if kind not in (_FIXED64, _BYTES, _FIXED32):
            raise ValueError("no ONNX file")
        length = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if length is None:
            length, at = _read_varint(data, at)
        if at + length > len(data):
            raise ValueError("an ONNX file that ends early")
        yield key >> 3, data[at : at + length]
        at += length


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Reads a number of seven bits a byte; returns it and where it ends."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at
    raise ValueError("an ONNX file that ends early")
