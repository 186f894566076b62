"""The views beside the same answers by pandas and SciPy, and that a query can do no harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fer_core.emotions import NAMES
from fer_core.errors import UsageError
from pipelines import query
from pipelines.output import Output
from pipelines.query import open_tables
from tests.pipelines.finished import make_video, write_finished
from tests.pipelines.jobs import frames_of

SCORES = [f"p_{name}" for name in NAMES]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four videos; the second track of one is seen for longer than its first."""
    videos = [make_video(f"{name}.mp4", 40 + 9 * k, seed=k) for k, name in enumerate("abc")]
    two = make_video("d.mp4", 50, tracks=2, seed=9)
    faces = two["faces"].to_pandas()
    kept = faces[(faces.track_id == 1) | (faces.timestamp_ms < 1500)].reset_index(drop=True)
    two["faces"] = two["faces"].from_pandas(kept, two["faces"].schema, preserve_index=False)
    return write_finished(tmp_path_factory.mktemp("out"), [*videos, two])


@pytest.fixture(params=["in memory", "as data sets"])
def tables(
    finished: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Any]:
    if request.param == "as data sets":
        monkeypatch.setattr(query, "MOST_IN_MEMORY", 0)
    opened = open_tables(Output(str(finished)))
    yield opened
    opened.close()


def test_summary_is_the_share_of_samples(finished: Path, tables: Any) -> None:
    ours = tables.execute("FROM summary ORDER BY media, track_id").df()
    frames = frames_of(finished)
    groups = frames["faces"].groupby(["media", "track_id"])
    shares = groups.smoothed_emotion.value_counts(normalize=True).unstack(fill_value=0.0)
    shares = shares.reindex(columns=list(NAMES), fill_value=0.0)
    assert len(ours) == 5
    np.testing.assert_allclose(ours[list(NAMES)], shares)
    np.testing.assert_allclose(ours.positive + ours.negative + ours.neutral + ours.surprise, 1)
    np.testing.assert_allclose(
        ours.negative, shares[["angry", "disgust", "fear", "sad"]].sum(axis=1)
    )
    sampled = frames["media"].set_index("media").frames_sampled
    wanted = groups.size() / sampled.reindex(groups.size().index.get_level_values(0)).to_numpy()
    np.testing.assert_allclose(ours.coverage, wanted)


def curve_of(finished: Path, offsets: dict[str, int]) -> pd.DataFrame:
    """Computes the cohort: mean and t-interval over videos, each by the track seen most."""
    faces = frames_of(finished)["faces"]
    faces = faces[faces.media.isin(offsets)]
    most = faces.groupby(["media", "track_id"]).size().groupby("media").idxmax()
    faces = faces[[pair in set(most) for pair in zip(faces.media, faces.track_id, strict=True)]]
    at = faces.timestamp_ms - faces.media.map(offsets)
    faces = faces.assign(second=at // 1000)[at >= 0]
    means = faces.groupby(["media", "second"])[SCORES].mean().groupby("second")
    count = means.size()
    half = means.std().mul(stats.t.ppf(0.975, count - 1) / np.sqrt(count), axis=0)
    return pd.concat([means.mean(), half.add_prefix("half_"), count.rename("videos")], axis=1)


@pytest.mark.parametrize("offsets", [{}, {"a.mp4": 300, "c.mp4": 1200, "d.mp4": -500}])
def test_cohort_is_the_mean_and_its_t_interval(
    offsets: dict[str, int], finished: Path, tmp_path: Path
) -> None:
    viewers = tmp_path / "viewers.csv"
    lines = [f"{name},{offset},one,42" for name, offset in offsets.items()]
    viewers.write_text("\n".join(["media,offset_ms,group,age", *lines]) + "\n")
    tables = open_tables(Output(str(finished)), str(viewers) if offsets else None)
    ours = tables.execute("FROM cohort ORDER BY second").df().set_index("second")
    wanted = curve_of(finished, offsets or dict.fromkeys(("a.mp4", "b.mp4", "c.mp4", "d.mp4"), 0))
    assert ours.index.tolist() == wanted.index.tolist()
    assert ours.videos.tolist() == wanted.videos.tolist()
    for name in NAMES:
        np.testing.assert_allclose(ours[f"mean_{name}"], wanted[f"p_{name}"], rtol=1e-5)
        half = (ours[f"high_{name}"] - ours[f"low_{name}"]) / 2
        np.testing.assert_allclose(half, wanted[f"half_p_{name}"], rtol=1e-4, atol=1e-7)
    assert set(ours.group) == {"one" if offsets else ""}


def test_a_bootstrap_agrees_with_the_interval(tmp_path: Path) -> None:
    videos = [make_video(f"{number:02}.mp4", 12, seed=number) for number in range(40)]
    tables = open_tables(Output(str(write_finished(tmp_path, videos))))
    columns = "second, videos, mean_happy, low_happy, high_happy"
    (row,) = tables.execute(f"SELECT {columns} FROM cohort WHERE second = 0").fetchall()
    faces = frames_of(tmp_path)["faces"].query("timestamp_ms < 1000")
    happy = faces.groupby("media").p_happy.mean().to_numpy()
    again = np.random.default_rng(1).choice(happy, (4000, 40)).mean(axis=1)
    assert row[:3] == (0, 40, pytest.approx(happy.mean(), rel=1e-5))
    width = row[4] - row[3]
    assert np.percentile(again, [2.5, 97.5]) == pytest.approx(row[3:], abs=0.08 * width)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{path}'",
        "ATTACH '{path}' AS other",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "EXPORT DATABASE '{path}'",
    ],
)
def test_a_query_reads_and_writes_nothing_else(sql: str, tables: Any, tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error):
        tables.execute(sql.format(path=tmp_path / "x"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("media,offset_ms\nz.mp4,0\n", "names z.mp4, which is no video"),
        ("media,offset_ms\na.mp4,0\na.mp4,5\n", "names a medium twice"),
        ("name,offset_ms\na.mp4,0\n", "is no CSV with media, offset_ms, group"),
        ("media,offset_ms\na.mp4,soon\n", "is no CSV with media, offset_ms, group"),
    ],
)
def test_viewers_that_do_not_fit_are_refused(
    text: str, message: str, finished: Path, tmp_path: Path
) -> None:
    path = tmp_path / "viewers.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        open_tables(Output(str(finished)), str(path))
