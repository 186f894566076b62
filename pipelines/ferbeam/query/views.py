"""The ready-made views of `ferbeam query`: what people ask of the tables, in SQL.

All but the four tables tell of videos. Seconds count from 0. A share of time is a share of the
sampled frames, which lie evenly in time.
"""

from __future__ import annotations

from fer_core.emotions import NAMES

POSITIVE, NEGATIVE = ("happy",), ("angry", "disgust", "fear", "sad")
"""What a service team reads as satisfied or not; neutral and surprise are neither."""


def _each(pattern: str, names: tuple[str, ...] | list[str] = NAMES, by: str = ", ") -> str:
    return by.join(pattern.format(name=name) for name in names)


_VIDEO = "media IN (SELECT media FROM media WHERE kind = 'video')"
_SHARES = _each("avg((smoothed_emotion = '{name}')::INT) AS {name}")

PER_SECOND = f"""
WITH sampled AS (
    SELECT media, timestamp_ms // 1000 AS second, count(*) AS frames,
        sum(face_count)::BIGINT AS faces
    FROM frames WHERE {_VIDEO} GROUP BY ALL
), scored AS (
    SELECT media, timestamp_ms // 1000 AS second, {_each("avg(p_{name}) AS mean_{name}")}
    FROM faces WHERE {_VIDEO} GROUP BY ALL
)
SELECT * FROM sampled LEFT JOIN scored USING (media, second) ORDER BY media, second
"""

TRACKS = f"""
WITH shares AS (
    SELECT media, track_id, min(timestamp_ms) AS first_ms, max(timestamp_ms) AS last_ms,
        count(*) AS samples, {_SHARES}
    FROM faces WHERE track_id IS NOT NULL AND {_VIDEO} GROUP BY media, track_id
)
SELECT media, track_id, first_ms, last_ms, samples,
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

SUMMARY = f"""
SELECT media, track_id, samples, samples / frames_sampled AS coverage, {_each("{name}")},
    {" + ".join(POSITIVE)} AS positive, {" + ".join(NEGATIVE)} AS negative
FROM tracks JOIN (SELECT media, frames_sampled FROM media) USING (media)
ORDER BY media, track_id
"""

COHORT = f"""
WITH main AS (
    SELECT media, arg_min(track_id, (-samples, track_id)) AS track_id FROM tracks GROUP BY media
), shown AS (
    SELECT "group", (timestamp_ms - offset_ms) // 1000 AS second, count(DISTINCT media) AS of_videos
    FROM frames JOIN viewers USING (media) WHERE timestamp_ms >= offset_ms GROUP BY ALL
), each_video AS (
    SELECT "group", media, (timestamp_ms - offset_ms) // 1000 AS second,
        {_each("avg(p_{name}) AS {name}")}
    FROM faces JOIN main USING (media, track_id) JOIN viewers USING (media)
    WHERE timestamp_ms >= offset_ms GROUP BY ALL
), counted AS (
    SELECT "group", second, count(*) AS videos,
        {_each("avg({name}) AS mean_{name}, stddev_samp({name}) / sqrt(count(*)) AS error_{name}")}
    FROM each_video GROUP BY ALL
)
SELECT "group", second, coalesce(videos, 0) AS videos, of_videos,
    {
    _each(
        "mean_{name}, mean_{name} - t * error_{name} AS low_{name}, "
        "mean_{name} + t * error_{name} AS high_{name}"
    )
}
FROM shown LEFT JOIN counted USING ("group", second)
    LEFT JOIN t_quantiles ON (freedom = videos - 1)
ORDER BY "group", second
"""

VIEWS = {
    "per_second": (PER_SECOND, "each second of a video: frames, faces, and their mean scores"),
    "tracks": (TRACKS, "each followed face: first and last time, emotion of most samples, shares"),
    "changes": (CHANGES, "when the smoothed emotion of a followed face changes"),
    "summary": (SUMMARY, "each followed face: share of time of each emotion, and coverage"),
    "cohort": (COHORT, "each second of the stimulus: mean and 95 % t-interval over the videos"),
}
"""Name to SQL and what it tells; a later one may use an earlier one."""

TABLES_TELL = {
    "faces": "each face in a sampled picture or frame",
    "frames": "each picture and sampled frame",
    "media": "each picture and video that opened",
    "failures": "each thing that could not be read or done",
    "viewers": "each video: offset_ms, group, and what --viewers FILE.csv has besides",
}
