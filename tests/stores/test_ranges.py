"""What is read of a video in a store: its index, and then the span, never the whole file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest

from fer_core.video.frames import Frame, read_spans
from fer_core.video.index import VideoIndex, index_video
from fer_core.video.spans import plan_spans
from ferbeam.stores import store_of
from ferbeam.stores.file import BLOCK, CACHED, BlockCache, StoreFile
from tests.stores.servers import Server


@pytest.fixture
def uri(server: Server, large: Path) -> Iterator[str]:
    uri = server.uri("large.mp4")
    store_of(uri).upload(str(large), uri)
    server.asked.clear()
    yield uri
    store_of(uri).remove([uri])


def open_file(uri: str, cache: BlockCache | None = None) -> StoreFile:
    stored = store_of(uri).find(uri)
    assert stored is not None
    return StoreFile(store_of(uri), stored, BlockCache() if cache is None else cache)


def same_index(one: VideoIndex, other: VideoIndex) -> bool:
    same = (one.info, one.look, one.end_pts, one.time_base, one.start, one.seekable)
    return (
        same
        == (other.info, other.look, other.end_pts, other.time_base, other.start, other.seekable)
        and np.array_equal(one.pts, other.pts)
        and np.array_equal(one.key_pts, other.key_pts)
        and np.array_equal(one.key_dts, other.key_dts)
    )


def test_the_index_of_an_mp4_costs_a_fraction_of_it(uri: str, large: Path) -> None:
    file = open_file(uri)
    index = index_video(cast(BinaryIO, file))
    assert same_index(index, index_video(large))
    assert file.stored.size > 14 * BLOCK
    assert file.fetched < 0.5 * file.stored.size


def test_a_span_in_the_middle_reads_no_more_than_it_needs(
    uri: str, large: Path, server: Server
) -> None:
    readings = plan_spans(index_video(large), None, 2)
    middle = readings[len(readings) // 2]
    share = sum(len(span) for span in middle) / sum(len(s) for r in readings for s in r)
    file = open_file(uri)
    server.asked.clear()
    found = list(read_spans(cast(BinaryIO, file), middle))
    assert_same_frames(found, list(read_spans(large, middle)))
    # The span, the block with the index, that before it, and what is fetched ahead.
    assert file.fetched < share * file.stored.size + 7 * BLOCK
    if server.scheme == "s3":  # what the server has sent in truth
        assert sum(asked.sent for asked in server.asked) == file.fetched
    assert len(server.asked) < 12


def assert_same_frames(ours: list[Frame], theirs: list[Frame]) -> None:
    assert [f.frame_index for f in ours] == [f.frame_index for f in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.grey is not None
        assert other.grey is not None
        np.testing.assert_array_equal(one.grey, other.grey)


def test_blocks_are_fetched_once_and_memory_is_bounded(uri: str, large: Path) -> None:
    cache, data = BlockCache(4), large.read_bytes()
    file = open_file(uri, cache)
    for start, size in ((5, 10), (BLOCK - 3, 6), (0, 2 * BLOCK), (7 * BLOCK + 9, 1)):
        file.seek(start)
        assert file.read(size) == data[start : start + size]
    assert file.fetched == 4 * BLOCK  # the one after two in order, too
    again = open_file(uri, cache)
    assert again.read(BLOCK) == data[:BLOCK]
    assert again.fetched == 0
    assert len(cache) <= 4
    file.seek(0)
    assert file.read() == data
    assert len(cache) <= 4 < CACHED


def test_reading_on_takes_few_requests_and_ends_where_the_file_does(
    uri: str, large: Path, server: Server
) -> None:
    file, data = open_file(uri), large.read_bytes()
    server.asked.clear()
    parts = list(iter(lambda: file.read(1 << 18), b""))
    assert b"".join(parts) == data
    assert file.fetched == len(data)
    assert len(server.asked) <= 4 + len(data) / (4 * BLOCK)
    assert file.seek(0, 2) == len(data)
    assert file.read(1) == b""
