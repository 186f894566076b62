"""Ways in which bytes are lost or changed, by seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.corpus.fields import set_fields, widen_boxes

Damage = Callable[[bytes, Random], bytes]


def keep(data: bytes, random: Random) -> bytes:
    return data


def truncate(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def truncate_end(data: bytes, random: Random) -> bytes:
    return data[: -random.randint(1, 64)]


def flip_bits(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 3, 10, 100)) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def flip_header(data: bytes, random: Random) -> bytes:
    head = min(len(data), random.choice((64, 512, 4096)))
    return flip_bits(data[:head], random) + data[head:]


def set_extremes(data: bytes, random: Random) -> bytes:
    """Puts numbers that are as large or small as can be where some number may be."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 8)):
        value = random.choice((b"\x00" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"))
        at = random.randrange(max(1, min(len(changed), random.choice((256, 2048, 1 << 20)))))
        changed[at : at + 4] = value
    return bytes(changed[: len(data)])


def blank_block(data: bytes, random: Random) -> bytes:
    first, length = random.randrange(len(data) + 1), random.choice((16, 512, 8192))
    return data[:first] + bytes(len(data[first : first + length])) + data[first + length :]


def lose_block(data: bytes, random: Random) -> bytes:
    first = random.randrange(len(data) + 1)
    return data[:first] + data[first + random.choice((1, 3, 188, 4096)) :]


def insert_noise(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.choice((1, 7, 100, 5000))) + data[at:]


def repeat(data: bytes, random: Random) -> bytes:
    return data + data


def reorder(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[at:] + data[:at]


DAMAGES: tuple[Damage, ...] = (
    keep, keep, keep, truncate, truncate, truncate_end, flip_bits, flip_bits, flip_header,
    set_extremes, blank_block, lose_block, insert_noise, repeat, reorder, set_fields, widen_boxes,
)  # fmt: skip
"""What may happen to a file; to some, nothing."""
