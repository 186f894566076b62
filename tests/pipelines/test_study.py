"""A generated study: every view says what is true of it, second by second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from fer_core.errors import FerWarning
from ferbeam.output.folder import Output
from ferbeam.query.main_person import find_unclear
from ferbeam.query.study import Study
from ferbeam.query.tables import open_tables
from tests.pipelines.study import (
    BROKEN,
    LEAVES,
    PASSED,
    PLANTED,
    SECONDS,
    VIEWERS,
    Viewer,
    write_study,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NEAR = 0.02


@pytest.fixture(scope="module")
def viewers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Viewer]:
    """The twelve of a study that lies in the folder of `tables`."""
    folder = tmp_path_factory.getbasetemp() / "study"
    folder.mkdir()
    return {one.media: one for one in write_study(folder / "out")}


@pytest.fixture(scope="module")
def tables(
    viewers: dict[str, Viewer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DuckDBPyConnection]:
    """The tables of the study."""
    folder = tmp_path_factory.getbasetemp() / "study"
    study = Study(folder / "list.csv", folder / "marks.csv")
    with (
        pytest.warns(FerWarning, match=f"{BROKEN} could not be read and is left out"),
        open_tables(Output(str(folder / "out")), study) as opened,
    ):
        yield opened


def ask(tables: DuckDBPyConnection, sql: str) -> pd.DataFrame:
    """Returns what a query answers."""
    answer: pd.DataFrame = tables.sql(sql).df()
    return answer


def test_each_recording_has_one_main_person_in_all_its_samples(tables: DuckDBPyConnection) -> None:
    people = ask(tables, "FROM people")
    main = people[people["main"]].set_index("media")
    assert len(main) == VIEWERS - 1
    assert main["tracks"].to_dict() == {name: 1 + (name == LEAVES) for name in main.index}
    assert set(people[~people["main"]]["media"]) == {PASSED}
    assert (main["samples"] == main["of_samples"]).all()
    assert find_unclear(tables) == []


def test_viewer_seconds_are_true(tables: DuckDBPyConnection, viewers: dict[str, Viewer]) -> None:
    seconds = ask(tables, "FROM viewer_seconds")
    assert len(seconds) == (VIEWERS - 1) * SECONDS
    for row in seconds[seconds["coverage"] > 0.5].to_dict("records"):
        one = viewers[row["media"]]
        assert row["viewer_group"] == one.group
        for name in ("happy", "sad"):
            assert row[name] == pytest.approx(one.mean_of(name, row["second"]), abs=NEAR), row
        assert row["positive"] == row["happy"]
        true = one.mean_of("happy", row["second"]) - one.mean_of("sad", row["second"])
        assert row["valence"] == pytest.approx(true, abs=NEAR)
    away = seconds[seconds["coverage"] < 0.5]
    assert set(away["media"]) == {LEAVES}
    assert len(away) in (5, 6)


def test_seconds_of_the_main_person_are_true(
    tables: DuckDBPyConnection, viewers: dict[str, Viewer]
) -> None:
    seconds = ask(tables, "FROM per_second WHERE main")
    assert set(seconds["media"]) == set(viewers) - {BROKEN}
    for row in seconds[seconds["coverage"] > 0.5].to_dict("records"):
        one = viewers[row["media"]]
        since = row["second"] - one.offset_ms / 1000
        if 0 <= since <= SECONDS - 1:
            true = one.mean_of("happy", since)
            assert row["mean_happy"] == pytest.approx(true, abs=NEAR), row


def test_the_curves_of_the_groups_are_true(
    tables: DuckDBPyConnection, viewers: dict[str, Viewer]
) -> None:
    for row in ask(tables, "FROM cohort").to_dict("records"):
        seen = [
            one
            for one in viewers.values()
            if one.group == row["viewer_group"] and one.media != BROKEN
        ]
        assert row["of_videos"] == len(seen)
        true = np.mean([one.mean_of("happy", row["second"]) for one in seen])
        assert row["mean_happy"] == pytest.approx(true, abs=NEAR)
        assert row["low_happy"] < row["mean_happy"] < row["high_happy"]


def test_windows_are_true(tables: DuckDBPyConnection, viewers: dict[str, Viewer]) -> None:
    for row in ask(tables, "FROM viewer_windows").to_dict("records"):
        one = viewers[row["media"]]
        if row["media"] == LEAVES and row["name"] == "whole":
            continue  # of whom a part is not known
        start, length = row["start_ms"] / 1000, (row["end_ms"] - row["start_ms"]) / 1000
        assert row["happy"] == pytest.approx(one.mean_of("happy", start, length), abs=NEAR)


def test_the_planted_difference_is_found_and_no_other(tables: DuckDBPyConnection) -> None:
    groups = ask(tables, "FROM groups")
    seconds = groups[groups["kind"] == "second"]
    found = seconds[seconds["p_corrected"] < 0.05]
    happy = set(found[found["measure"] == "happy"]["start_ms"] // 1000)
    first, last = PLANTED
    assert set(range(first, last + 1)) <= happy <= set(range(first - 4, last + 5))
    assert "sad" not in set(found["measure"])
    (joke,) = groups[(groups["name"] == "joke") & (groups["measure"] == "happy")].to_dict("records")
    assert joke["p_corrected"] < 0.05
    assert joke["difference"] == pytest.approx(0.4, abs=0.06)
    assert joke["low"] < 0.4 < joke["high"] + 0.06
    nothing = groups[(groups["kind"] != "second") & (groups["measure"] == "sad")]
    assert (nothing["p_corrected"] > 0.05).all()


def test_events_are_the_smiles_of_the_film(
    tables: DuckDBPyConnection, viewers: dict[str, Viewer]
) -> None:
    events = ask(tables, "FROM events JOIN people USING (media, person_id)")
    smiles = events[(events["emotion"] == "happy")]
    film = {one.media for one in viewers.values() if one.group == "film"}
    assert set(smiles["media"]) == film - {BROKEN}
    for row in smiles.to_dict("records"):
        one = viewers[row["media"]]
        begins = one.offset_ms + 1000 * (PLANTED[0] - 4)
        assert begins < row["onset_ms"] <= row["apex_ms"] < row["offset_ms"]
        assert row["peak"] == pytest.approx(0.6 + one.level, abs=0.05)
    others = events[~events["main"]]
    assert set(others["emotion"]) == {"angry"}
    assert others["onset_ms"].tolist() == [4000]


def test_smiles_of_viewers_are_in_the_time_of_the_film(
    tables: DuckDBPyConnection, viewers: dict[str, Viewer]
) -> None:
    events = ask(tables, "FROM events JOIN people USING (media, person_id) WHERE main")
    own = ask(tables, "FROM viewer_events")
    began = own["media"].map(lambda name: viewers[name].offset_ms)
    for name in ("onset_ms", "apex_ms", "offset_ms"):
        assert sorted(own[name] + began) == sorted(events[name])
    assert (own["duration_ms"] == own["offset_ms"] - own["onset_ms"]).all()
    assert (own["viewer_group"] == own["media"].map(lambda name: viewers[name].group)).all()
    at_joke = own["apex_ms"].between(14_000, 20_000, inclusive="left")
    assert at_joke.any()
    assert (own["markers"] == at_joke.map({True: "joke", False: ""})).all()
    late = ask(tables, "SELECT max(offset_ms) AS ends FROM viewer_events")["ends"][0]
    assert late <= 1000 * SECONDS


def test_those_who_see_the_film_are_in_step(tables: DuckDBPyConnection) -> None:
    found = ask(tables, "FROM synchrony WHERE viewer IS NULL AND measure = 'happy'")
    by_group = found.set_index("viewer_group")
    assert by_group["correlation"]["film"] > 0.9
    assert by_group["p"]["film"] < 0.01
    assert by_group["p"]["talk"] > 0.05


def test_the_study_is_remembered(viewers: dict[str, Viewer], tables: DuckDBPyConnection) -> None:
    asked = "SELECT media, viewer_group, offset_ms FROM viewers ORDER BY media"
    again = ask(tables, asked)
    kept = [
        (one.media, one.group, one.offset_ms) for one in viewers.values() if one.media != BROKEN
    ]
    assert list(again.itertuples(index=False, name=None)) == sorted(kept)
