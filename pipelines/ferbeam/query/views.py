"""The ready-made views of `ferbeam query`: what people ask of the tables, in SQL.

All but the four tables tell of videos. Seconds count from 0. A sample counts by how long it is
shown: until the next one, or until the video ends. So a frame that is held for minutes, as in a
recorded screen, fills these minutes.
"""

from __future__ import annotations

from collections.abc import Callable

from fer_core.emotions import NAMES
from ferbeam.query.measures import MEASURES, NEGATIVE, POSITIVE

QUIETEST = 0.25
"""Share of a person's samples, those with the highest score of neutral, taken as at rest."""
OF_REST = 0.5
"""How much of the logarithm of the scores at rest is taken off: half was best on posed faces."""


def _each(pattern: str, names: tuple[str, ...] = NAMES, by: str = ", ") -> str:
    return by.join(pattern.format(name=name) for name in names)


_VIDEO = "shown_ms IS NOT NULL"
"""Of a row of `faces` or `frames`: whether it is of a video."""
_SHARES = _each("sum(shown_ms * (smoothed_emotion = '{name}')::INT) / sum(shown_ms) AS {name}")


def _weighted(pattern: str) -> str:
    """Returns means of the scores, each weighted by how long it is shown in the second."""
    return _each(f"sum(ms * p_{{name}}) / sum(ms) AS {pattern}")


SAMPLES = f"""
SELECT media, frame_index, timestamp_ms, face_count, shown_ms FROM frames WHERE {_VIDEO}
"""


def _cut(timed: str) -> str:
    """Returns SQL that cuts what lasts `from_ms` to `until_ms` at whole seconds, from 0."""
    first, last = "from_ms // 1000", "(until_ms - 1) // 1000"
    # Most lie in one second: a list of one costs less than a series.
    seconds = f"CASE {first} WHEN {last} THEN [{first}] ELSE generate_series({first}, {last}) END"
    return f"""
    SELECT *, least(until_ms, 1000 * second + 1000) - greatest(from_ms, 1000 * second) AS ms
    FROM (SELECT *, unnest({seconds}) AS second FROM ({timed}) WHERE until_ms > from_ms)"""


_PEOPLE_SEEN = f"(SELECT * FROM faces WHERE person_id IS NOT NULL AND {_VIDEO})"


def _timed(rows: str) -> str:
    """Returns SQL of samples, or of faces in them, from when on until when they are shown."""
    return f"SELECT *, timestamp_ms AS from_ms, timestamp_ms + shown_ms AS until_ms FROM {rows}"


def _watched(rows: str, who: str = "viewers") -> str:
    """Returns the same by the time of the stimulus, of the videos of viewers."""
    return f"""SELECT *, greatest(0, timestamp_ms - offset_ms) AS from_ms,
    timestamp_ms + shown_ms - offset_ms AS until_ms
    FROM {rows} JOIN (SELECT media, viewer, viewer_group, offset_ms FROM {who}) USING (media)"""


_MAIN = "arg_min(person_id, (-shown_ms, person_id))"
"""Of the people of a video, the one who is seen for longest; of two, the first."""

# A person has one face in a frame: tracks at the same time are of different people.
PEOPLE = f"""
WITH seen AS (
    SELECT media, person_id, count(DISTINCT track_id) AS tracks,
        min(timestamp_ms) AS first_ms, max(timestamp_ms) AS last_ms,
        count(*) AS samples, sum(shown_ms)::BIGINT AS shown_ms
    FROM {_PEOPLE_SEEN} GROUP BY media, person_id
), main AS (
    SELECT media, {_MAIN} AS main FROM seen GROUP BY media
), found AS (
    SELECT media, count(*) AS of_samples FROM kept_frames GROUP BY media
)
SELECT media, person_id, person_id = main AS main, tracks, first_ms, last_ms, samples, of_samples,
    shown_ms, coalesce(corrections.name, '') AS name
FROM seen JOIN main USING (media) JOIN found USING (media)
    LEFT JOIN corrections USING (media, person_id) ORDER BY media, person_id
"""

PER_SECOND = f"""
WITH sampled AS (
    SELECT media, second, sum(ms) AS whole_ms FROM ({_cut(_timed("samples"))}) GROUP BY ALL
), scored AS (
    SELECT media, second, person_id, count(*) AS samples, sum(ms) AS seen_ms,
        {_weighted("mean_{name}")}
    FROM ({_cut(_timed(_PEOPLE_SEEN))}) GROUP BY ALL
)
SELECT media, second, person_id, main, coalesce(samples, 0) AS samples,
    coalesce(seen_ms / whole_ms, 0) AS coverage, {_each("mean_{name}")}
FROM sampled LEFT JOIN scored USING (media, second)
    LEFT JOIN (SELECT media, person_id, main FROM people) USING (media, person_id)
ORDER BY media, second, person_id
"""

TRACKS = f"""
WITH shares AS (
    SELECT media, track_id, person_id, min(timestamp_ms) AS first_ms,
        max(timestamp_ms) AS last_ms, count(*) AS samples, sum(shown_ms)::BIGINT AS shown_ms,
        {_SHARES}
    FROM faces WHERE track_id IS NOT NULL AND {_VIDEO} GROUP BY media, track_id, person_id
)
SELECT media, track_id, person_id, first_ms, last_ms, samples, shown_ms,
    CASE greatest({_each("{name}")})
        {_each("WHEN {name} THEN '{name}'", by=" ")} END AS dominant_emotion,
    {_each("{name}")}
FROM shares ORDER BY media, track_id
"""

CHANGES = f"""
SELECT media, track_id, timestamp_ms, before AS from_emotion, smoothed_emotion AS to_emotion
FROM (
    SELECT *, lag(smoothed_emotion) OVER (
        PARTITION BY media, track_id ORDER BY timestamp_ms, frame_index) AS before
    FROM faces WHERE track_id IS NOT NULL AND {_VIDEO}
) WHERE before <> smoothed_emotion ORDER BY media, track_id, timestamp_ms
"""

EXPRESSIONS = f"""
WITH seen AS (
    SELECT media, person_id, smoothed_emotion AS emotion, from_ms, until_ms
    FROM ({_timed(_PEOPLE_SEEN)})
), marked AS (
    SELECT *, coalesce(emotion <> lag(emotion) OVER own OR from_ms > lag(until_ms) OVER own, true)
        AS begins
    FROM seen WINDOW own AS (PARTITION BY media, person_id ORDER BY from_ms)
), numbered AS (
    SELECT *, sum(begins::INT) OVER (PARTITION BY media, person_id ORDER BY from_ms) AS stretch
    FROM marked
)
SELECT media, person_id, emotion, min(from_ms) AS from_ms, max(until_ms) AS until_ms
FROM numbered GROUP BY media, person_id, stretch, emotion ORDER BY media, person_id, from_ms
"""

SUMMARY = f"""
SELECT media, track_id, person_id, samples, tracks.shown_ms / whole_ms AS coverage,
    {_each("{name}")}, {" + ".join(POSITIVE)} AS positive, {" + ".join(NEGATIVE)} AS negative
FROM tracks JOIN (SELECT media, sum(shown_ms) AS whole_ms FROM samples GROUP BY media) USING (media)
ORDER BY media, track_id
"""


_MAINS = f"""
SELECT media, {_MAIN} AS person_id FROM (
    SELECT media, person_id, sum(shown_ms) AS shown_ms FROM {_PEOPLE_SEEN} GROUP BY ALL
) GROUP BY media
"""
"""The main person of each video, without what else `people` tells."""

_MAIN_SEEN = f"(SELECT faces.* FROM faces JOIN mains USING (media, person_id) WHERE {_VIDEO})"
"""Of what is known as `mains`."""


def _show_viewers(cut: Callable[[str], str], keys: str) -> str:
    """Returns SQL of what viewers show on average in pieces of the time of the stimulus.

    Args:
        cut: gives the SQL of rows of samples or faces, cut to pieces of `ms`.
        keys: the columns that tell the pieces apart.

    Valence is what FaceReader calls so (Noldus, its methodology note): the intensity of happy less
    that of the strongest negative expression, here of each sample.
    """
    return f"""
WITH mains AS ({_MAINS}), sampled AS (
    SELECT media, viewer, viewer_group, {keys}, sum(ms) AS whole_ms
    FROM ({cut("samples")}) GROUP BY ALL
), scored AS (
    SELECT media, {keys}, sum(ms) AS seen_ms, {_weighted("{name}")},
        sum(ms * (p_happy - greatest({_each("p_{name}", NEGATIVE)}))) / sum(ms) AS valence
    FROM ({cut(_MAIN_SEEN)}) GROUP BY ALL
)
SELECT media, coalesce(nullif(given, ''), viewer) AS viewer, viewer_group, {keys},
    coalesce(seen_ms / whole_ms, 0) AS coverage,
    {_each("{name}")}, {" + ".join(POSITIVE)} AS positive, {" + ".join(NEGATIVE)} AS negative,
    valence
FROM sampled LEFT JOIN scored USING (media, {keys})
    LEFT JOIN (
        SELECT media, name AS given FROM mains JOIN corrections USING (media, person_id)
    ) USING (media)
ORDER BY media, {keys}
"""


def _show_seconds(who: str) -> str:
    """Returns SQL of what viewers show in each second."""
    return _show_viewers(lambda rows: _cut(_watched(rows, who)), "second")


def _show_windows(who: str) -> str:
    """Returns SQL of what viewers show between markers, and in the whole stimulus."""
    keys = "start_ms, end_ms, kind, name, condition"
    return _show_viewers(lambda rows: _cut_at_markers(rows, who), keys)


def _cut_at_markers(rows: str, who: str) -> str:
    """Returns SQL that cuts rows at the markers, and at the end of the whole stimulus."""
    return f"""
    SELECT *, least(until_ms, end_ms) - greatest(from_ms, start_ms) AS ms
    FROM ({_watched(rows, who)}) JOIN (
        SELECT 'marker' AS kind, * FROM markers UNION ALL
        SELECT 'whole', 'whole', 0, max(until_ms), '' FROM ({_watched("samples", who)})
    ) ON from_ms < end_ms AND until_ms > start_ms
    WHERE until_ms > from_ms"""


VIEWER_SECONDS, VIEWER_WINDOWS = _show_seconds("viewers"), _show_windows("viewers")


def _list_seen(stretches: str) -> str:
    """Returns SQL of one list of what every viewer shows in stretches."""
    return f"""
SELECT list({{kind: kind, name: name, start_ms: start_ms::BIGINT, end_ms: end_ms::BIGINT,
    media: media, viewer: viewer, viewer_group: viewer_group,
    scores: [{_each("{name}::DOUBLE", MEASURES)}]}}) AS seen
FROM ({stretches})"""


def _as_stretches(seconds: str) -> str:
    """Returns SQL of seconds, named as windows are."""
    return f"""SELECT *, 'second' AS kind, '' AS name, 1000 * second AS start_ms,
    start_ms + 1000 AS end_ms FROM {seconds}"""


_GROUPED = "(SELECT * FROM viewers WHERE (SELECT count(DISTINCT viewer_group) > 1 FROM viewers))"
"""Viewers, or none where all are of one group: then nothing is read of them."""

_COMPARED = f"""{_as_stretches(f"({_show_seconds(_GROUPED)})")}
    UNION ALL BY NAME FROM ({_show_windows(_GROUPED)})"""

GROUPS = f"""
FROM (SELECT unnest(compare_groups(seen), recursive := true) FROM ({_list_seen(_COMPARED)}))
ORDER BY group_a, group_b, list_position(['whole', 'marker', 'second'], kind),
    list_position([{_each("'{name}'", MEASURES)}], measure), start_ms, end_ms, name
"""

SYNCHRONY = f"""
FROM (
    SELECT unnest(measure_synchrony(seen), recursive := true)
    FROM ({_list_seen(_as_stretches("viewer_seconds"))})
)
ORDER BY viewer_group, measure, media
"""

EVENTS = f"""
WITH scored AS (
    SELECT media, person_id, timestamp_ms AS ms, timestamp_ms + shown_ms AS until_ms,
        unnest([{_each("p_{name}")}]) AS score, unnest(range({len(NAMES)})) AS nth
    FROM {_PEOPLE_SEEN}
), begun AS (
    SELECT *, (coalesce(ms - lag(until_ms) OVER before, hold_ms) >= hold_ms)::INT AS begins
    FROM scored WHERE score >= least_score
    WINDOW before AS (PARTITION BY media, person_id, nth ORDER BY ms)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY media, person_id, nth ORDER BY ms) AS number
    FROM begun
)
SELECT media, person_id, [{_each("'{name}'")}][nth + 1] AS emotion,
    min(ms) AS onset_ms, arg_max(ms, (score, -ms)) AS apex_ms, max(until_ms) AS offset_ms,
    max(score) AS peak
FROM numbered GROUP BY media, person_id, nth, number
HAVING max(until_ms) - min(ms) >= any_value(hold_ms) ORDER BY media, person_id, onset_ms, emotion
"""
"""Of what is known as `least_score` and `hold_ms`."""

MACROS = {"events": ("events_at(least_score, hold_ms)", EVENTS)}
"""Views with parameters, as in `FROM events_at(0.6, 500)`, by the view that needs them."""

VIEWER_EVENTS = """
WITH placed AS (
    SELECT media, coalesce(nullif(name, ''), viewer) AS viewer, viewer_group, emotion,
        onset_ms - began AS onset_ms, apex_ms - began AS apex_ms, events.offset_ms - began AS ends,
        peak
    FROM events JOIN (SELECT media, person_id, name FROM people WHERE main) USING (media, person_id)
        JOIN (SELECT media, viewer, viewer_group, offset_ms AS began FROM viewers) USING (media)
    WHERE events.offset_ms > began
)
SELECT media, viewer, viewer_group, emotion,
    (SELECT coalesce(string_agg(name, '; ' ORDER BY start_ms, name), '') FROM markers
        WHERE apex_ms >= start_ms AND apex_ms < end_ms) AS markers,
    onset_ms, apex_ms, ends AS offset_ms, ends - onset_ms AS duration_ms, peak
FROM placed ORDER BY media, onset_ms, emotion
"""
"""Of the main person, in the time of the stimulus; what ends before it begins is left out."""

LEAST_SCORE, HOLD_MS = 0.5, 300
"""From this score on an expression is shown; what is shorter is neither an event nor its end."""

COHORT = f"""
WITH counted AS (
    SELECT viewer_group, second, count(happy) AS videos, count(*) AS of_videos,
        {
    _each("avg({name}) AS mean_{name}, stddev_samp({name}) / sqrt(count({name})) AS error_{name}")
}
    FROM viewer_seconds GROUP BY ALL
)
SELECT viewer_group, second, videos, of_videos,
    {
    _each(
        "mean_{name}, mean_{name} - t * error_{name} AS low_{name}, "
        "mean_{name} + t * error_{name} AS high_{name}"
    )
}
FROM (SELECT *, t_for_mean(CASE WHEN videos > 1 THEN videos END) AS t FROM counted)
ORDER BY viewer_group, second
"""

_REST = f"""
WITH calm AS (
    SELECT media, person_id, {_each("p_{name}")}, from_ms
    FROM faces CROSS JOIN baseline
    WHERE person_id IS NOT NULL AND {_VIDEO} AND media NOT IN (SELECT media FROM at_rest)
        AND (from_ms IS NULL OR timestamp_ms BETWEEN from_ms AND to_ms)
), quietest AS (
    SELECT media, person_id, quantile_disc(-p_neutral, {QUIETEST}) AS unrest FROM calm GROUP BY ALL
), resting AS (
    SELECT media, person_id, {_each("p_{name}")} FROM calm JOIN quietest USING (media, person_id)
    WHERE from_ms IS NOT NULL OR -p_neutral <= unrest
    UNION ALL SELECT viewer.media, viewer.person_id, {_each("clip.p_{name}")}
    FROM people AS viewer JOIN at_rest USING (media) JOIN faces AS clip ON clip.media = rest
)
SELECT media, person_id, count(*) AS baseline_faces,
    {_each("median(ln(greatest(p_{name}, 1e-6))) AS rest_{name}")}
FROM resting GROUP BY media, person_id
"""
"""Scores of each person at rest, in logarithms; all samples as neutral as the last one count."""

CALIBRATED = f"""
WITH rest AS ({_REST}), weighed AS (
    SELECT media, frame_index, timestamp_ms, face_index, track_id, person_id, baseline_faces,
        {_each(f"p_{{name}} * exp(-{OF_REST} * rest_{{name}}) AS w_{{name}}")}
    FROM faces JOIN rest USING (media, person_id)
), shared AS (
    SELECT * EXCLUDE ({_each("w_{name}")}), {_each("w_{name}", by=" + ")} AS whole,
        {_each("w_{name} / whole AS p_{name}")}
    FROM weighed
)
SELECT media, frame_index, timestamp_ms, face_index, track_id, person_id, baseline_faces,
    CASE greatest({_each("p_{name}")})
        {_each("WHEN p_{name} THEN '{name}'", by=" ")} END AS emotion,
    greatest({_each("p_{name}")}) AS confidence, {_each("p_{name}")}
FROM shared ORDER BY media, frame_index, face_index
"""
"""Scores of a person's face less half of what the same face at rest has, in logarithms."""

VIEWS = {
    "samples": (
        SAMPLES,
        "each sampled frame of a video, and for how many milliseconds it is shown",
    ),
    "people": (PEOPLE, "each person of a video, and whether it is the main one: seen for longest"),
    "per_second": (PER_SECOND, "each person in each second of a video: coverage, and mean scores"),
    "tracks": (TRACKS, "each followed face: first and last time, emotion of most samples, shares"),
    "changes": (CHANGES, "when the smoothed emotion of a followed face changes"),
    "expressions": (EXPRESSIONS, "each stretch in which a person keeps its smoothed emotion"),
    "events": (
        f"FROM events_at({LEAST_SCORE}, {HOLD_MS})",
        "each time a person shows an expression: onset, apex, offset, peak; events_at(score, ms)",
    ),
    "summary": (SUMMARY, "each followed face: share of time of each emotion, and coverage"),
    "viewer_seconds": (
        VIEWER_SECONDS,
        "each second of the stimulus, and viewer: mean scores of the main person of the video",
    ),
    "viewer_windows": (
        VIEWER_WINDOWS,
        "each marker, and the whole stimulus, and viewer: as viewer_seconds",
    ),
    "viewer_events": (
        VIEWER_EVENTS,
        "each event of a viewer, in the time of the stimulus, and the markers it peaks in",
    ),
    "cohort": (COHORT, "each second of the stimulus: mean and 95 % t-interval over the videos"),
    "groups": (
        GROUPS,
        "each second, marker and the whole: how two groups differ, with permutation tests",
    ),
    "synchrony": (
        SYNCHRONY,
        "each viewer and group: correlation over time with the others, beside chance",
    ),
    "calibrated": (
        CALIBRATED,
        "each face of a person: its scores beside the same face at rest (--baseline-ms, --viewers)",
    ),
}
"""Name to SQL and what it tells; a later one may use an earlier one."""

TABLES_TELL = {
    "faces": "each face in a sampled picture or frame",
    "frames": "each picture and sampled frame",
    "media": "each picture and video that opened",
    "failures": "each thing that could not be read or done",
    "viewers": "each video: offset_ms, viewer, viewer_group, and what else --viewers FILE.csv has",
    "corrections": "each person who is named or left out, of --corrections FILE.csv",
    "markers": "each named stretch of the stimulus, of --markers FILE.csv",
}
