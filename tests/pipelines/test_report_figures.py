"""What the report draws and writes: timelines, numbers, colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_core.emotions import EMOTIONS
from ferbeam.report.charts import choose_top, draw_areas, draw_curve, time_ticks
from ferbeam.report.figures import show_count, show_date, show_moment, show_share, show_time
from ferbeam.report.timelines import TimedScores, choose_step, draw_timeline


def test_steps_hold_a_sample_and_stay_few() -> None:
    assert choose_step(6000, 60) == 100
    assert choose_step(100_000, 1000) == 200
    assert choose_step(3_600_000, 36_000) == 10_000
    assert choose_step(86_400_000, 864_000) == 180_000
    for length in (0, 1, 500, 7_200_000):
        assert length / choose_step(length, length // 100) <= 600


def test_a_gap_is_where_a_sampled_frame_lacks_the_face_and_only_there() -> None:
    ms = np.array([0, 100, 217, 307, 440, 513, 880, 920, 1120], np.int64)  # of a varying rate
    sample = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9], np.int64)  # in one frame it was not found
    track = np.zeros(len(ms), np.int64)
    scores = np.tile(np.eye(7, dtype=np.float32)[3], (len(ms), 1))
    (shown,) = draw_timeline(TimedScores(track, ms, sample, scores), 1200, 12)["tracks"]
    assert [(run[0], len(run) // 7) for run in shown["runs"]] == [(0, 10), (11, 1)]
    assert {tuple(run[k : k + 7]) for run in shown["runs"] for k in range(1, len(run), 7)} == {
        (0, 0, 0, 100, 0, 0, 0)
    }


def test_a_long_video_shows_the_tracks_seen_most() -> None:
    track = np.repeat(np.arange(12), [5, *[50] * 8, 4, 3, 60])
    ms = np.concatenate([np.arange(n) * 100 for n in np.unique(track, return_counts=True)[1]])
    scores = np.full((len(track), 7), 1 / 7, np.float32)
    shown = draw_timeline(TimedScores(track, ms, ms // 100, scores), 6000, 60)["tracks"]
    assert [one["person_id"] for one in shown] == [1, 2, 3, 4, 5, 6, 7, 11]


def test_the_areas_of_a_track_are_as_high_as_its_scores_and_end_where_it_does() -> None:
    happy, half = [0, 0, 0, 100, 0, 0, 0], [0, 0, 0, 50, 50, 0, 0]
    runs = [[0, *happy, *half, *half], [7, *half]]
    timeline = {"seconds": 1.0, "step": 0.1, "tracks": [{"person_id": 4, "runs": runs}]}
    (areas,) = draw_areas(timeline, [3, 4])
    assert (areas.person_id, areas.width) == (4, 20)
    assert areas.layers == [
        (4, "M0 200V0h4H5V200ZM13 200V0h1H15V200Z"),
        (3, "M0 200V0l2 100h2H5V200ZM13 200V100h1H15V200Z"),
    ]


def test_what_is_seen_to_the_end_is_drawn_to_the_end() -> None:
    runs = [[8, *[0, 0, 0, 100, 0, 0, 0] * 2]]
    timeline = {"seconds": 1.05, "step": 0.1, "tracks": [{"person_id": 0, "runs": runs}]}
    assert draw_areas(timeline, [3])[0].layers == [(3, "M15 200V0h1h2H21V200Z")]


def test_a_curve_breaks_where_nothing_is_known() -> None:
    mean, low, high = [0.0, 10.0, None, 20.0], [None, 5.0, None, None], [None, 15.0, None, None]
    curve = draw_curve(mean, low, high, 20)
    assert curve.line == "M0 200 1 100h0M3 0h0"
    assert curve.band == "M1 50L1 150Z"
    assert choose_top([{"mean": [mean], "high": [high]}], 0) == 20
    assert choose_top([{"mean": [[99.9]], "high": [[100.0]]}], 0) == 100


def test_a_stretch_is_told_by_tenths_where_it_is_no_whole_second() -> None:
    assert [show_moment(ms, "en") for ms in (0, 2000, 2049, 2500, 3_600_900)] == [
        *("0:00", "0:02", "0:02", "0:02.5", "1:00:00.9"),
    ]
    assert show_moment(2500, "fr") == "0:02,5"


def test_an_axis_has_few_marks_at_round_times() -> None:
    assert [tick.label for tick in time_ticks(0, 6.1, 6)] == [
        *("0:00", "0:02", "0:04", "0:06"),
    ]
    assert [(tick.place, tick.label) for tick in time_ticks(-10, 30, 4)] == [
        *((0, "-0:10"), (25, "0:00"), (50, "0:10"), (75, "0:20"), (100, "0:30")),
    ]
    assert [tick.label for tick in time_ticks(0, 0, 6)] == ["0:00"]
    assert all(len(time_ticks(0, length, 6)) <= 7 for length in (59, 3600, 86_400, 10_000_000))


def test_figures_are_written_as_people_write_them() -> None:
    assert [show_share(value) for value in (0, 0.001, 0.5, 0.999, 1)] == [
        *("0\u202f%", "<\u202f1\u202f%", "50\u202f%", ">\u202f99\u202f%", "100\u202f%"),
    ]
    assert (show_count(1234567, "en"), show_count(1234, "fr")) == ("1,234,567", "1\u202f234")
    assert (show_time(59_999), show_time(3_661_000)) == ("0:59", "1:01:01")
    assert show_date("2026-08-09T00:00:00Z", "fr") == "9 août 2026"


def test_colours_stay_apart_for_the_colour_blind() -> None:
    shown = np.array(
        [[int(one.colour[k : k + 2], 16) / 255 for k in (1, 3, 5)] for one in EMOTIONS]
    )
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    for seen_as in (np.eye(3), *DEFICIENCIES.values()):
        lab = to_lab(np.clip(linear @ np.array(seen_as).T, 0, 1))
        apart = np.linalg.norm(lab[:, np.newaxis] - lab, axis=2) + 1e3 * np.eye(7)
        assert apart.min() > 9


DEFICIENCIES = {  # severity 1, Machado, Oliveira and Fernandes (2009)
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def to_lab(linear: Any) -> Any:
    """Converts linear sRGB (n, 3) to CIE Lab (n, 3)."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(matrix).T / (0.9505, 1, 1.089)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )
