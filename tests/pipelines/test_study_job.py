"""The generated study as recordings: from the files to the finding, through the whole command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fer_core.emotions import NAMES
from fer_core.errors import FerWarning
from ferbeam.output.folder import Output
from ferbeam.query.study import Study
from ferbeam.query.tables import open_tables
from sample_data.make_samples import read_composites
from tests.bench.generated.backdrops import draw_backdrop
from tests.bench.generated.drawing import Actor, Picture, draw_actor
from tests.bench.generated.motion import Path as Course
from tests.bench.generated.people import Sprite, cast_person
from tests.pipelines.jobs import ROOT, analyze

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

pytestmark = pytest.mark.long

SIZE, STEP_MS, SECONDS = (640, 360), 100, 10
NEAR, CODED = 0.025, 0.04
"""How far most seconds may be from the truth, and any: the network sees what the codec has done."""

SMILES = range(4, 8)
"""Seconds of the stimulus in which the first group smiles."""
CALM, SMILING = 0, 1
LEAVES, PASSED, VARIABLE, BROKEN = 2, 3, 4, 11


@dataclass(frozen=True)
class Recording:
    """A recording of a viewer.

    Attributes:
        name: of the file.
        group: `film` or `talk`.
        offset_ms: where the stimulus begins.
        times: when its frames are shown, in ms, and at last when it ends.
        moods: of each frame: calm, or smiling.
        seen: of each frame, whether the viewer is there.
    """

    name: str
    group: str
    offset_ms: int
    times: NDArray[np.int64]
    moods: NDArray[np.int64]
    seen: NDArray[np.bool_]


def plan_recording(number: int) -> Recording:
    """Plans one of the twelve."""
    rng = np.random.default_rng([29, number])
    offset, group = STEP_MS * int(rng.integers(0, 30)), ("film", "talk")[number % 2]
    end = offset + 1000 * SECONDS
    steps = STEP_MS * rng.integers(1, 3, end) if number == VARIABLE else np.full(end, STEP_MS)
    times = np.concatenate([[0], np.cumsum(steps)])
    times = np.append(times[times < end], end)
    second = (times[:-1] - offset) // 1000
    smiles = (group == "film") & np.isin(second, SMILES)
    away = (number == LEAVES) & (second >= 1) & (second < 4)
    name = f"p{number:02}" + (".webm" if number == VARIABLE else ".mp4")
    return Recording(name, group, offset, times, np.where(smiles, SMILING, CALM), ~away)


def cast(number: int) -> Sprite:
    """Chooses a person who has both expressions."""
    composites = read_composites(ROOT / "sample_data/composites")
    faces = [composites["neutral"], composites["happy"]]
    for seed in range(50):
        sprite = cast_person(lambda _: faces, np.random.default_rng([30, number, seed]))
        if len(sprite.expressions) == len(faces):
            return sprite
    raise AssertionError("nobody has both expressions")


def actor_at(sprite: Sprite, x: float, moods: NDArray[np.int64], seen: NDArray[np.bool_]) -> Actor:
    """Puts a person to a place, where it stays."""
    count = len(moods)
    still = {"y": np.full(count, 150.0), "width": np.full(count, 110.0), "tilt": np.zeros(count)}
    course = Course(x=np.full(count, x), present=seen, **still)
    mixed = np.stack([moods, moods, np.zeros(count)], axis=1).astype(float)
    return Actor(sprite, course, mixed, np.zeros(count), np.zeros(count), 0)


def draw_frames(recording: Recording, number: int) -> Iterator[Picture]:
    """Yields the frames of a recording."""
    backdrop = draw_backdrop("room", SIZE, np.random.default_rng([31, number]))
    actors = [actor_at(cast(number), 200, recording.moods, recording.seen)]
    if number == PASSED:
        second = recording.times[:-1] // 1000
        passing = (second >= 2) & (second < 7)
        actors.append(actor_at(cast(100), 470, np.full(len(second), SMILING), passing))
    for index in range(len(recording.moods)):
        picture = backdrop.copy()
        for actor in actors:
            draw_actor(picture, actor, index)
        yield picture


def write_recording(folder: Path, number: int) -> Recording:
    """Writes a recording, and beside it a picture of each expression by itself: what is true."""
    recording = plan_recording(number)
    webm = recording.name.endswith("webm")
    codec = "libvpx-vp9" if webm else "libx264"
    options = {"crf": "10", "b": "0", "deadline": "realtime", "cpu-used": "8"}
    with av.open(str(folder / recording.name), "w") as file:
        stream = file.add_stream(codec, rate=10, options=options if webm else {"crf": "12"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for ms, picture in zip(recording.times, draw_frames(recording, number), strict=False):
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts, frame.time_base = int(ms), Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    backdrop = draw_backdrop("room", SIZE, np.random.default_rng([31, number]))
    for mood in {CALM, SMILING}:
        still = backdrop.copy()
        draw_actor(still, actor_at(cast(number), 200, np.array([mood]), np.array([True])), 0)
        cv2.imwrite(str(folder / f"true-{recording.name}-{mood}.png"), still)
    return recording


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    """The plan of all, by name."""
    return {one.name: one for one in map(plan_recording, range(12))}


@pytest.fixture(scope="module")
def tables(
    recordings: dict[str, Recording], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DuckDBPyConnection]:
    """The tables of the analysed study."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "in").mkdir()
    for number, name in enumerate(recordings):
        if number == BROKEN:
            (folder / "in" / name).write_bytes(b"no video")
        else:
            write_recording(folder / "in", number)
    analyze(folder / "in", folder / "out", code=3)
    rows = [f"{one.name};{one.group};{one.offset_ms}" for one in recordings.values()]
    (folder / "list.csv").write_text("\n".join(["media;group;offset_ms", *rows]))
    with (
        pytest.warns(FerWarning, match="p11.mp4 could not be read"),
        open_tables(Output(str(folder / "out")), Study(folder / "list.csv")) as opened,
    ):
        yield opened


def ask(tables: DuckDBPyConnection, sql: str) -> pd.DataFrame:
    """Returns what a query answers."""
    answer: pd.DataFrame = tables.sql(sql).df()
    return answer


def true_seconds(tables: DuckDBPyConnection, one: Recording) -> dict[int, NDArray[np.float64]]:
    """Returns the true mean scores of the seconds of the stimulus, by how long frames are shown."""
    scores = ", ".join(f"p_{name}" for name in NAMES)
    found = ask(tables, f"SELECT {scores} FROM faces WHERE media LIKE 'true-{one.name}-%' "
                        "ORDER BY media").to_numpy()  # fmt: skip
    assert len(found) == 2
    assert (found.argmax(axis=1) == [NAMES.index("neutral"), NAMES.index("happy")]).all()
    moments = np.arange(0, 1000 * SECONDS, STEP_MS)
    index = np.searchsorted(one.times, moments + one.offset_ms, side="right") - 1
    each, seen = found[one.moods[index]], one.seen[index]
    seconds = moments // 1000
    return {at: each[(seconds == at) & seen].mean(axis=0) for at in set(seconds[seen].tolist())}


def test_every_second_of_every_viewer_is_true(
    tables: DuckDBPyConnection, recordings: dict[str, Recording]
) -> None:
    rows = ask(tables, "FROM viewer_seconds").set_index(["media", "second"])
    assert set(rows.index.get_level_values(0)) == set(recordings) - {"p11.mp4"}
    apart = []
    for name in set(rows.index.get_level_values(0)):
        for second, wanted in true_seconds(tables, recordings[name]).items():
            found = rows.loc[(name, second)]
            assert found["coverage"] > 0.85
            apart.append(np.abs(found[list(NAMES)].astype(float) - wanted).max())
    assert np.mean(np.array(apart) <= NEAR) > 0.95
    assert max(apart) <= CODED


def test_each_viewer_is_one_person(tables: DuckDBPyConnection) -> None:
    people = ask(tables, "FROM people")
    assert people["main"].sum() == 11
    assert people[~people["main"]]["media"].tolist() == ["p03.mp4"]
    assert people.set_index(["media", "main"])["tracks"]["p02.mp4"].tolist() == [2]


def test_the_planted_difference_is_found_and_no_other(tables: DuckDBPyConnection) -> None:
    groups = ask(tables, "FROM groups WHERE kind = 'second' AND p_corrected < 0.05")
    happy = groups[groups["measure"] == "happy"]
    assert (happy["start_ms"] // 1000).tolist() == list(SMILES)
    # A smile changes all seven scores; in the seconds without one no measure differs.
    assert set(groups["start_ms"] // 1000) <= set(SMILES)
