"""Every ready-made view says what pandas computes from the same tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_core.emotions import NAMES
from fer_core.errors import UsageError
from ferbeam.output.folder import Output
from ferbeam.query.study import Study
from ferbeam.query.tables import open_tables
from tests.pipelines.finished import (
    break_track,
    hold_frames,
    make_failure,
    make_picture,
    make_video,
    write_finished,
)
from tests.pipelines.jobs import frames_of

SCORES = [f"p_{name}" for name in NAMES]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six videos of different lengths and numbers of faces, pictures, and a failure."""
    media = [
        make_video("d'été/a\"1.mp4", 95, seed=1),
        make_video("b.mp4", 200, tracks=3, seed=2),
        make_video("c.mp4", 60, tracks=2, seed=3),
        break_track(make_video("d.mp4", 120, seed=4), 5000),
        make_video("e.mp4", 120, seed=5),
        make_video("empty.mp4", 30, tracks=0, seed=6),
        make_picture("f.png", ("happy", "sad")),
        make_picture("g.png"),
        make_failure("h.mp4", "h.mp4: is empty"),
    ]
    return write_finished(tmp_path_factory.mktemp("finished"), media)


def ask(output: Path, sql: str, viewers: Path | None = None) -> pd.DataFrame:
    """Returns what a query answers."""
    with open_tables(Output(str(output)), Study(viewers)) as tables:
        answer: pd.DataFrame = tables.sql(sql).df()
    if viewers is not None:
        (output / "viewers.csv").unlink()  # or else it is remembered
    return answer


def faces_of_videos(output: Path) -> pd.DataFrame:
    """Reads the faces with tracks of all videos."""
    tables = frames_of(output)
    videos = tables["media"].query("kind == 'video'")["media"]
    return tables["faces"][tables["faces"]["media"].isin(videos)]


def assert_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Compares two answers by value."""
    pd.testing.assert_frame_equal(
        ours.reset_index(drop=True), theirs.reset_index(drop=True), check_dtype=False, rtol=1e-5
    )


@pytest.mark.parametrize("name", ["faces", "frames", "media", "failures"])
def test_the_tables_are_there(output: Path, name: str) -> None:
    assert len(ask(output, f"SELECT * FROM {name}")) == len(frames_of(output)[name])


def test_per_second(output: Path) -> None:
    frames = frames_of(output)["frames"].assign(second=lambda f: f["timestamp_ms"] // 1000)
    frames = frames[frames["media"].str.endswith(".mp4")]
    faces = faces_of_videos(output).assign(second=lambda f: f["timestamp_ms"] // 1000)
    sampled = frames.groupby(["media", "second"]).size().rename("sampled")
    seen = faces.groupby(["media", "second", "person_id"])
    means = seen[SCORES].mean().set_axis([f"mean_{name}" for name in NAMES], axis=1)
    wanted = seen.size().rename("samples").to_frame().join(means).reset_index("person_id")
    wanted = sampled.to_frame().join(wanted).reset_index()
    assert wanted["mean_happy"].isna().any()
    wanted["samples"] = wanted["samples"].fillna(0)
    wanted["coverage"] = wanted["samples"] / wanted["sampled"]
    wanted["main"] = wanted["person_id"].map({0: 1.0, 1: 0.0, 2: 0.0})
    ours = ask(output, "FROM per_second").astype({"person_id": float, "main": float})
    assert_equal(ours, wanted[list(ours)])


def test_tracks_and_summary(output: Path) -> None:
    faces = faces_of_videos(output)
    keys = ["media", "track_id"]
    wanted = faces.groupby(keys).agg(
        person_id=("person_id", "first"),
        first_ms=("timestamp_ms", "min"),
        last_ms=("timestamp_ms", "max"),
        samples=("media", "size"),
    )
    shares = pd.get_dummies(faces["smoothed_emotion"]).reindex(columns=list(NAMES), fill_value=0)
    shares = shares.groupby([faces["media"], faces["track_id"]]).mean()
    wanted = wanted.assign(shown_ms=100 * wanted["samples"])
    wanted = wanted.assign(dominant_emotion=shares.idxmax(axis=1)).join(shares).reset_index()
    assert_equal(ask(output, "FROM tracks"), wanted)
    sampled = frames_of(output)["media"].set_index("media")["frames_sampled"]
    wanted["coverage"] = wanted["samples"] / wanted["media"].map(sampled)
    wanted["positive"] = wanted["happy"]
    wanted["negative"] = wanted[["angry", "disgust", "fear", "sad"]].sum(axis=1)
    columns = [*keys, "person_id", "samples", "coverage", *NAMES, "positive", "negative"]
    assert_equal(ask(output, "FROM summary"), wanted[columns])


def test_a_sample_counts_by_how_long_it_is_shown(tmp_path: Path) -> None:
    """Two seconds at ten frames each, then two frames held for four seconds each."""
    video = hold_frames(make_video("a.mp4", 22), [*range(0, 2000, 100), 2000, 6000], 10_000)
    write_finished(tmp_path, [video])
    faces = frames_of(tmp_path)["faces"].assign(ms=100)
    faces.loc[faces["timestamp_ms"] >= 2000, "ms"] = 4000
    shares = faces.groupby("smoothed_emotion")["ms"].sum() / faces["ms"].sum()
    (track,) = ask(tmp_path, "FROM tracks").to_dict("records")
    assert {name: track[name] for name in NAMES if track[name]} == pytest.approx(dict(shares))
    assert track["shown_ms"] == faces["ms"].sum()
    seconds = ask(tmp_path, "FROM per_second")
    assert seconds["second"].tolist() == list(range(10))
    assert seconds["samples"].tolist() == [9, 9, *[1] * 8]  # without the fifth tenth
    held = faces.set_index("timestamp_ms")["p_happy"]
    wanted = [held[2000]] * 4 + [held[6000]] * 4
    assert seconds["mean_happy"].tolist()[2:] == pytest.approx(wanted)
    cohort = ask(tmp_path, "FROM cohort")
    assert cohort["mean_happy"].tolist()[2:] == pytest.approx(wanted)


def test_changes(output: Path) -> None:
    faces = faces_of_videos(output).sort_values(["media", "track_id", "timestamp_ms"])
    before = faces.groupby(["media", "track_id"])["smoothed_emotion"].shift()
    changed = faces.assign(from_emotion=before, to_emotion=faces["smoothed_emotion"])
    changed = changed[before.notna() & (before != faces["smoothed_emotion"])]
    columns = ["media", "track_id", "timestamp_ms", "from_emotion", "to_emotion"]
    assert len(changed) > 10
    assert_equal(ask(output, "FROM changes"), changed[columns])


def main_people(output: Path) -> pd.DataFrame:
    """Returns the faces of the main person of each video."""
    faces = faces_of_videos(output)
    counts = faces.groupby(["media", "person_id"]).size().reset_index(name="n")
    counts = counts.sort_values(["media", "n", "person_id"], ascending=[True, False, True])
    return faces.merge(counts.drop_duplicates("media")[["media", "person_id"]])


def test_cohort_of_all_videos(output: Path) -> None:
    from scipy import stats

    faces = main_people(output).assign(second=lambda f: f["timestamp_ms"] // 1000)
    each = faces.groupby(["second", "media"])["p_happy"].mean().reset_index()
    found = ask(output, "FROM cohort").set_index("second")
    assert set(found["viewer_group"]) == {""}
    frames = frames_of(output)["frames"].query("media.str.endswith('.mp4')")
    videos = frames.groupby(frames["timestamp_ms"] // 1000)["media"].nunique()
    assert found["of_videos"].to_dict() == videos.to_dict()
    for second, row in found.iterrows():
        values = each[each["second"] == second]["p_happy"].to_numpy()
        assert row["videos"] == len(values)
        if len(values) > 1:
            low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
            wanted = [values.mean(), low, high]
            np.testing.assert_allclose(
                row[["mean_happy", "low_happy", "high_happy"]].astype(float), wanted, atol=1e-5
            )
        else:
            assert pd.isna(row["low_happy"])


def test_the_interval_of_a_cohort_is_that_of_a_bootstrap(tmp_path: Path) -> None:
    write_finished(tmp_path, [make_video(f"{n:02}.mp4", 20, seed=n) for n in range(40)])
    found = ask(tmp_path, "SELECT low_sad, high_sad FROM cohort WHERE second = 0").iloc[0]
    faces = main_people(tmp_path).query("timestamp_ms < 1000")
    values = faces.groupby("media")["p_sad"].mean().to_numpy()
    dice = np.random.default_rng(1)
    means = dice.choice(values, (4000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    width = high - low
    assert found["low_sad"] == pytest.approx(low, abs=0.15 * width)
    assert found["high_sad"] == pytest.approx(high, abs=0.15 * width)


def test_viewers_shift_and_group(output: Path, tmp_path: Path) -> None:
    csv = tmp_path / "viewers.csv"
    csv.write_text(
        "media,offset_ms,group,age\nb.mp4,2000,old,70\nd.mp4,0,young,20\ne.mp4,500,young,30\n"
    )
    found = ask(output, "SELECT viewer_group, second, videos, mean_fear FROM cohort", csv)
    faces = main_people(output)
    old = faces[(faces["media"] == "b.mp4") & (faces["timestamp_ms"] >= 2000)]
    wanted = old.groupby((old["timestamp_ms"] - 2000) // 1000)["p_fear"].mean()
    ours = found[found["viewer_group"] == "old"].dropna().set_index("second")["mean_fear"]
    np.testing.assert_allclose(ours, wanted.astype(float), rtol=1e-5)
    assert list(ours.index) == list(wanted.index)
    assert found[found["viewer_group"] == "young"]["videos"].max() == 2
    assert ask(output, "SELECT age FROM viewers", csv)["age"].sum() == 120


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("film,offset_ms\nb.mp4,0\n", "has no column media"),
        ("media,offset_ms,group\nno.mp4,0,a\n", "no.mp4 is no video of this OUTPUT"),
        ("media\nbb.mp4\n", r"bb.mp4 is no video of this OUTPUT \(b.mp4 is\)"),
        ("media,offset_ms,group\nb.mp4,0,a\nb.mp4,1,b\n", "b.mp4 has two rows"),
        ("media,offset_ms,group\nb.mp4,soon,a\n", "'soon' is no number"),
        (f"media,offset_ms\nb.mp4,-{'9' * 20}\n", "offset_ms '-9+' is more than"),
        ("media,offset_ms,group\nb.mp4,,a\n", "the row of b.mp4 has no offset_ms"),
        ("media;offset_ms\nb.mp4;3.067\n", "can be read in two ways"),
        ("media,media\nb.mp4,b.mp4\n", "the column media comes twice"),
        ("", "is empty"),
        ("media\n", "names no video"),
        ("media\nh.mp4\n", "none of their videos could be read"),
        ("media,offset_ms,group,rest\nb.mp4,0,a,no.mp4\n", "rest: no.mp4 is no medium"),
        ("media,offset_ms,group,rest\nb.mp4,0,a,empty.mp4\n", "in which a face was found"),
    ],
)
def test_viewers_that_do_not_fit_are_refused(
    output: Path, tmp_path: Path, text: str, reason: str
) -> None:
    csv = tmp_path / "viewers.csv"
    csv.write_text(text)
    with pytest.raises(UsageError, match=reason), open_tables(Output(str(output)), Study(csv)):
        pass


def test_an_output_without_a_finished_run_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="holds no finished run"),
        open_tables(Output(str(tmp_path))),
    ):
        pass


def at_rest(scores: pd.DataFrame, rest: pd.DataFrame) -> pd.DataFrame:
    """Returns scores less half the median of the logarithms of those at rest."""
    weighed = scores * np.exp(-0.5 * np.log(rest.clip(lower=1e-6)).median())
    return weighed.div(weighed.sum(axis=1), axis=0)


@pytest.mark.parametrize("stretch", [None, (1000, 3000)])
def test_calibrated_takes_half_of_the_face_at_rest_off(
    output: Path, stretch: tuple[int, int] | None
) -> None:
    with open_tables(Output(str(output)), Study(baseline_ms=stretch)) as tables:
        ours = tables.sql("FROM calibrated").df()
    faces = faces_of_videos(output).dropna(subset=["person_id"])
    wanted = []
    for _, person in faces.groupby(["media", "person_id"]):
        if stretch is None:
            ranked = person.sort_values(["p_neutral", "frame_index"], ascending=[False, True])
            rest = ranked[np.arange(len(person)) / max(len(person) - 1, 1) <= 0.25]
        else:
            rest = person[person["timestamp_ms"].between(*stretch)]
        if len(rest):
            scores = at_rest(person[SCORES], rest[SCORES])
            found = person[["media", "frame_index", "face_index"]].assign(baseline_faces=len(rest))
            wanted.append(found.join(scores))
    expected = pd.concat(wanted).sort_values(["media", "frame_index", "face_index"])
    assert_equal(ours[expected.columns], expected)
    shown = expected[SCORES].idxmax(axis=1).str.removeprefix("p_")
    assert ours["emotion"].tolist() == shown.tolist()
    np.testing.assert_allclose(ours["confidence"], expected[SCORES].max(axis=1), rtol=1e-5)


@pytest.mark.parametrize("clip", ["d.mp4", "f.png"])
def test_a_viewer_has_the_rest_of_the_clip_that_shows_it(
    output: Path, tmp_path: Path, clip: str
) -> None:
    csv = tmp_path / "viewers.csv"
    csv.write_text(f"media,offset_ms,group,rest\nb.mp4,0,a,{clip}\nc.mp4,0,a,\n")
    ours = ask(output, "FROM calibrated", csv)
    faces = frames_of(output)["faces"]
    viewer = faces[faces["media"] == "b.mp4"].dropna(subset=["track_id"])
    rest = faces[faces["media"] == clip]
    wanted = at_rest(viewer[SCORES], rest[SCORES])
    found = ours[ours["media"] == "b.mp4"]
    np.testing.assert_allclose(found[SCORES], wanted, rtol=1e-5)
    assert set(found["baseline_faces"]) == {len(rest)}
    others = ours[ours["media"] != "b.mp4"].reset_index(drop=True)
    usual = ask(output, "FROM calibrated WHERE media <> 'b.mp4'")
    pd.testing.assert_frame_equal(others, usual)


def test_raw_scores_stay_beside_the_calibrated(output: Path) -> None:
    both = ask(
        output,
        "SELECT f.p_happy AS raw, c.p_happy AS own FROM faces f JOIN calibrated c"
        " USING (media, frame_index, face_index)",
    )
    assert len(both)
    assert (both["raw"] != both["own"]).any()
    raw = frames_of(output)["faces"]["p_happy"]
    assert both["raw"].isin(raw).all()


@pytest.mark.parametrize("stretch", [(3000, 1000), (-1, 5), (0, 10**30)])
def test_a_stretch_that_is_none_is_refused(output: Path, stretch: tuple[int, int]) -> None:
    with (
        pytest.raises(UsageError, match="is no stretch of a video"),
        open_tables(Output(str(output)), Study(baseline_ms=stretch)),
    ):
        pass


def of_second(output: Path, csv: Path) -> pd.DataFrame:
    """Returns the main track's mean scores in each second of the stimulus, as pandas has them."""
    viewers = pd.read_csv(csv)
    frames = frames_of(output)["frames"].merge(viewers)
    faces = main_people(output).merge(viewers)
    worst = faces[["p_angry", "p_disgust", "p_fear", "p_sad"]]
    faces = faces.assign(valence=faces["p_happy"] - worst.max(axis=1))
    for table in (frames, faces):
        table["second"] = (table["timestamp_ms"] - table["offset_ms"]) // 1000
    frames, faces = frames[frames["second"] >= 0], faces[faces["second"] >= 0]
    means = faces.groupby(["media", "second"])[[*SCORES, "valence"]].mean()
    means = means.rename(columns=lambda name: name.removeprefix("p_"))
    seen = faces.groupby(["media", "second"]).size() / frames.groupby(["media", "second"]).size()
    return seen.fillna(0).rename("coverage").to_frame().join(means).reset_index()


def test_viewer_seconds(output: Path, tmp_path: Path) -> None:
    csv = tmp_path / "viewers.csv"
    csv.write_text("media,offset_ms,group,viewer\nb.mp4,2000,old,Ann\nd.mp4,0,young,Bo\n")
    wanted = of_second(output, csv)
    wanted["positive"] = wanted["happy"]
    wanted["negative"] = wanted[["angry", "disgust", "fear", "sad"]].sum(axis=1, skipna=False)
    names = {"b.mp4": ("Ann", "old"), "d.mp4": ("Bo", "young")}
    for place, name in enumerate(("viewer", "viewer_group")):
        wanted[name] = wanted["media"].map(lambda media, at=place: names[media][at])
    ours = ask(output, "FROM viewer_seconds", csv)
    assert (ours["coverage"] == 0).any()
    assert_equal(ours, wanted[list(ours)])


def test_people(output: Path) -> None:
    faces = faces_of_videos(output)
    wanted = faces.groupby(["media", "person_id"]).agg(
        tracks=("track_id", "nunique"),
        first_ms=("timestamp_ms", "min"),
        last_ms=("timestamp_ms", "max"),
        samples=("media", "size"),
    )
    wanted = wanted.reset_index()
    frames = frames_of(output)["frames"].query("face_count > 0").groupby("media").size()
    wanted["of_samples"] = wanted["media"].map(frames)
    wanted["shown_ms"] = 100 * wanted["samples"]
    wanted["main"] = wanted["person_id"] == 0
    wanted["name"] = ""
    ours = ask(output, "FROM people")
    assert_equal(ours, wanted[list(ours)])
