"""Events, groups and synchrony say what pandas and SciPy compute, and chance what it should."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from fer_core.emotions import NAMES
from ferbeam.output.folder import Output
from ferbeam.query import synchrony
from ferbeam.query.group_tests import compare_groups, exchange
from ferbeam.query.synchrony import correlate_with_others, measure_synchrony
from ferbeam.query.tables import open_tables
from ferbeam.report.cohort import read_cohort
from tests.pipelines.finished import Tables, make_picture, make_video, write_finished
from tests.pipelines.jobs import frames_of

Floats = NDArray[np.float64]
GROUPS = {f"{name}.mp4": "ab"[number % 2] for number, name in enumerate("cdefghi")}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven videos in two groups, and two markers; the second half of one is in no second."""
    media = [make_video(name, 120 + 4 * at, seed=at) for at, name in enumerate(GROUPS)]
    folder = write_finished(tmp_path_factory.mktemp("study"), media)
    rows = [f"{name},{group},{300 * at}" for at, (name, group) in enumerate(GROUPS.items())]
    (folder / "viewers.csv").write_text("\n".join(["media,group,offset_ms", *rows]))
    (folder / "markers.csv").write_text("name,start_ms,end_ms\nb,2500,4200\na,0,1000\n")
    return folder


def ask(output: Path, sql: str) -> pd.DataFrame:
    """Returns what a query answers."""
    with open_tables(Output(str(output))) as tables:
        answer: pd.DataFrame = tables.sql(sql).df()
    return answer


def find_events(faces: pd.DataFrame, least: float, hold_ms: int) -> list[tuple[Any, ...]]:
    """Finds events by going through the samples, each of 100 ms, one after the other."""
    found = []
    for (media, person), rows in faces.groupby(["media", "person_id"]):
        for name in NAMES:
            now: list[tuple[int, float]] = []
            above = rows[rows[f"p_{name}"] >= least][["timestamp_ms", f"p_{name}"]]
            for ms, score in [*above.itertuples(index=False, name=None), (10**9, 0.0)]:
                if now and ms - (now[-1][0] + 100) >= hold_ms:
                    onset, offset = now[0][0], now[-1][0] + 100
                    apex, peak = max(now, key=lambda at: (at[1], -at[0]))
                    if offset - onset >= hold_ms:
                        found.append((media, person, name, onset, apex, offset, peak))
                    now = []
                now.append((ms, score))
    return sorted(found)


@pytest.mark.parametrize(("least", "hold_ms"), [(0.5, 300), (0.3, 700)])
def test_events_begin_and_end_by_score_and_time(output: Path, least: float, hold_ms: int) -> None:
    faces = frames_of(output)["faces"]
    wanted = find_events(faces, least, hold_ms)
    ours = ask(output, f"FROM events_at({least}, {hold_ms})")
    assert len(wanted) > 10
    assert sorted(ours.itertuples(index=False, name=None)) == wanted
    if least == 0.5:
        pd.testing.assert_frame_equal(ask(output, "FROM events"), ours)


def test_the_means_of_the_report_differ_by_what_it_says(output: Path) -> None:
    """Neither a second of which little was filmed counts whole, nor one that a marker cuts."""
    with open_tables(Output(str(output))) as tables:
        cohort = read_cohort(tables)
    assert cohort is not None
    windows = ask(output, "FROM viewer_windows").groupby(["kind", "name", "viewer_group"])
    assert [marker.name for marker in cohort.markers] == ["a", "b"]
    for marker in (None, *cohort.markers):
        rows = [row for row in cohort.rows if row["marker"] is marker]
        first, second = (row for row in rows if not row["pair"])
        (pair,) = (row for row in rows if row["pair"])
        for row, group in ((first, "a"), (second, "b")):
            key = ("marker", marker.name, group) if marker else ("whole", "whole", group)
            own = windows.get_group(key)
            assert row["viewers"] == own["happy"].count()
            assert row["happy"] == pytest.approx(own["happy"].mean())
            half = stats.t.ppf(0.975, row["viewers"] - 1) * stats.sem(own["happy"])
            assert row["half_happy"] == pytest.approx(half)
        for measure, told in pair["differences"].items():
            if measure != "valence":
                assert told["difference"] == pytest.approx(first[measure] - second[measure])


def test_a_curve_is_the_mean_of_videos_with_a_face(tmp_path: Path) -> None:
    media = [make_video("a.mp4", 40), make_video("b.mp4", 40), make_video("empty.mp4", 40, 0)]
    with open_tables(Output(str(write_finished(tmp_path / "out", media)))) as tables:
        cohort = read_cohort(tables)
    assert cohort is not None
    assert cohort.videos == cohort.rows[0]["viewers"] == 2


def test_windows_are_means_over_their_time(output: Path) -> None:
    faces = frames_of(output)["faces"].assign(offset=lambda f: f["media"].map(offsets()))
    begins = faces["timestamp_ms"] - faces["offset"]
    for name, start, end in (("a", 0, 1000), ("b", 2500, 4200)):
        ms = (begins + 100).clip(upper=end) - begins.clip(lower=start)
        within = faces[ms > 0].assign(ms=ms[ms > 0])
        sums = within["p_sad"].mul(within["ms"]).groupby(within["media"]).sum()
        wanted = sums / within.groupby("media")["ms"].sum()
        ours = ask(output, f"FROM viewer_windows WHERE name = '{name}'").set_index("media")
        np.testing.assert_allclose(ours["sad"].dropna(), wanted, rtol=1e-5)
        assert set(ours["kind"]) == {"marker"}


def offsets() -> dict[str, int]:
    """Returns when the stimulus begins in each video."""
    return {name: 300 * at for at, name in enumerate(GROUPS)}


def welch(first: Floats, second: Floats, axis: int) -> Any:
    """Returns Welch's t as SciPy has it, without its sign."""
    return np.abs(stats.ttest_ind(first, second, axis=axis, equal_var=False).statistic)


def test_groups_are_those_of_scipy(output: Path) -> None:
    seconds = ask(output, "FROM viewer_seconds").query("second < 4")
    ours = ask(output, "FROM groups WHERE measure = 'fear' AND kind = 'second'")
    for second, rows in seconds.groupby("second"):
        a, b = (rows[rows["viewer_group"] == name]["fear"].to_numpy() for name in "ab")
        (row,) = ours[ours["start_ms"] == 1000 * second].to_dict("records")
        wanted = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
        assert (row["viewers_a"], row["viewers_b"]) == (4, 3)
        assert row["difference"] == pytest.approx(a.mean() - b.mean())
        assert (row["low"], row["high"]) == pytest.approx((wanted.low, wanted.high))
        exact = stats.permutation_test((a, b), welch, alternative="greater", n_resamples=9999)
        assert row["p"] == pytest.approx(exact.pvalue)


def test_the_corrected_p_is_by_the_largest_of_all_seconds(output: Path) -> None:
    table = ask(output, "FROM viewer_seconds").pivot(
        index="media", columns="second", values="happy"
    )
    values = table[[second for second in table if table[second].notna().all()]].to_numpy()
    first = np.array([GROUPS[name] == "a" for name in table.index])
    largest = []
    for members in combinations(range(7), 4):
        chosen = np.isin(np.arange(7), members)
        largest.append(welch(values[chosen], values[~chosen], 0).max())
    seen = welch(values[first], values[~first], 0)
    wanted = (np.array(largest)[:, None] >= seen - 1e-9).mean(axis=0)
    np.testing.assert_allclose(compare_groups(values, first).p_corrected, wanted)


def test_many_viewers_change_groups_by_chance_and_always_alike() -> None:
    first = np.arange(30) < 13
    ways = exchange(first)
    assert len(ways) == 5000
    assert (ways[0] == first).all()
    assert (ways.sum(axis=1) == 13).all()
    assert (ways == exchange(first)).all()
    assert ways[1:].mean(axis=0) == pytest.approx(np.full(30, 13 / 30), abs=0.05)


def test_where_a_group_has_one_viewer_there_is_no_p() -> None:
    values = np.random.default_rng(1).normal(size=(6, 3))
    values[:2, 1] = np.nan
    found = compare_groups(values, np.arange(6) < 3)
    assert found.count.tolist() == [[3, 1, 3], [3, 3, 3]]
    assert np.isnan([found.p[1], found.p_corrected[1], found.low[1]]).all()
    assert not np.isnan(found.p_corrected[[0, 2]]).any()


def test_a_planted_difference_is_found_where_it_is() -> None:
    values = np.random.default_rng(2).normal(0, 0.1, (12, 40))
    values[:6, 20:25] += 0.4
    found = compare_groups(values, np.arange(12) < 6)
    assert np.flatnonzero(found.p_corrected < 0.05).tolist() == [20, 21, 22, 23, 24]


def test_synchrony_is_the_correlation_of_scipy(output: Path) -> None:
    seconds = ask(output, "FROM viewer_seconds WHERE viewer_group = 'a'")
    curves = seconds.pivot(index="media", columns="second", values="sad")
    ours = ask(output, "FROM synchrony WHERE measure = 'sad' AND viewer_group = 'a'")
    wanted = []
    for name in curves.index:
        pair = pd.DataFrame({"one": curves.loc[name], "rest": curves.drop(name).mean()}).dropna()
        wanted.append(stats.pearsonr(pair["one"], pair["rest"]).statistic)
        assert len(pair) >= 10
    each = ours[ours["media"].notna()].sort_values("media")
    np.testing.assert_allclose(each["correlation"], wanted)
    (whole,) = ours[ours["media"].isna()].to_dict("records")
    assert whole["correlation"] == pytest.approx(np.mean(wanted))
    assert (whole["viewers"], whole["seconds"]) == (4, curves.notna().any().sum())
    assert 0 < whole["p"] <= 1


def test_those_who_see_the_same_are_in_step_and_one_who_does_not_is_told() -> None:
    rng = np.random.default_rng(3)
    curves = smooth(rng, 6, 60, 0.8)
    curves[:5] = 0.5 * curves[:5] + smooth(rng, 1, 60, 0.8)
    curves[2, 10:20] = np.nan
    found = measure_synchrony(curves)
    assert (found.p[:5] < 0.02).all()
    assert found.p[-1] == pytest.approx(0.001)
    assert found.p[5] > 0.05
    assert np.abs(found.chance).max() < 0.1
    assert (found.p == measure_synchrony(curves).p).all()


def test_too_little_is_no_synchrony() -> None:
    still = np.ones((3, 30))
    assert np.isnan(correlate_with_others(still)).all()
    assert np.isnan(measure_synchrony(np.random.default_rng(1).normal(size=(3, 9))).p).all()
    assert np.isnan(measure_synchrony(np.random.default_rng(1).normal(size=(1, 90))).p).all()


def test_nothing_is_turned_around_where_too_little_is_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 100,000 viewers of three seconds it took minutes to find that nothing is known."""
    monkeypatch.setattr(synchrony, "SURROGATES", 10**15)
    assert np.isnan(measure_synchrony(np.random.default_rng(1).normal(size=(3, 9))).chance).all()


@pytest.mark.parametrize(
    "medium", [make_picture("a.png", ("happy",)), make_video("a.mp4", 30, tracks=0)]
)
def test_without_viewers_with_faces_there_is_no_finding(tmp_path: Path, medium: Tables) -> None:
    write_finished(tmp_path, [medium])
    assert ask(tmp_path, "FROM events").empty
    assert ask(tmp_path, "FROM groups").empty
    assert ask(tmp_path, "FROM synchrony")["correlation"].isna().all()


def smooth(rng: np.random.Generator, viewers: int, seconds: int, keeps: float) -> Floats:
    """Draws curves of which each second keeps so much of the one before."""
    curves = rng.normal(size=(viewers, seconds + 50))
    for at in range(1, seconds + 50):
        curves[:, at] *= np.sqrt(1 - keeps**2)
        curves[:, at] += keeps * curves[:, at - 1]
    return curves[:, 50:]


def draw_null(seed: int) -> Floats:
    """Draws twelve viewers of one kind, each with a level of its own, some seconds missing."""
    rng = np.random.default_rng([7, seed])
    values = smooth(rng, 12, 40, 0.8) + rng.normal(0, 0.5, (12, 1))
    values[rng.random(values.shape) < 0.05] = np.nan
    return values


def null_share(count: int, corrected: bool) -> float:
    """Returns how often two groups of one kind are told apart at 5 %."""
    found = (compare_groups(draw_null(seed), np.arange(12) < 6) for seed in range(count))
    ps = (np.nanmin(each.p_corrected) if corrected else each.p[20] for each in found)
    return float(np.mean([p <= 0.05 for p in ps]))


def test_a_null_difference_is_seldom_found() -> None:
    assert 0.01 <= null_share(150, corrected=True) <= 0.1


@pytest.mark.long
@pytest.mark.parametrize("corrected", [False, True])
def test_of_null_differences_one_in_twenty_is_found(corrected: bool) -> None:
    assert 0.035 <= null_share(1000, corrected) <= 0.065


@pytest.mark.long
@pytest.mark.parametrize("keeps", [0, 0.8])
def test_of_null_synchronies_one_in_twenty_is_found(keeps: float) -> None:
    curves = (smooth(np.random.default_rng([7, seed]), 8, 60, keeps) for seed in range(1000))
    found = [measure_synchrony(each).p for each in curves]
    assert 0.035 <= np.mean([p[-1] <= 0.05 for p in found]) <= 0.065
    assert 0.035 <= np.mean([p[0] <= 0.05 for p in found]) <= 0.065
