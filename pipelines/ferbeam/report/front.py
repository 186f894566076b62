"""What stands at the head of a report: what was run, the counts, and the sections that follow."""

from __future__ import annotations

from typing import Any

from ferbeam.report.cohort import MEASURES, Cohort, draw_cohort
from ferbeam.report.figures import show_date, show_share
from ferbeam.report.gather import Row
from ferbeam.report.limits import describe_model
from ferbeam.report.pages import Pages

MOST_TOLD = 3
"""Groups of whom a curve says in a line what they showed over all; the table tells of more."""


def tell_front(pages: Pages, overview: Row, cohort: Cohort | None) -> dict[str, Any]:
    """Returns what the front page shows of the run as a whole."""
    shown = {
        "cohort": cohort,
        "summary": True,
        "people": overview["people"],
        "videos": overview["videos"],
        "pictures": overview["pictures"],
        "failures": True,
        "limits": True,
    }
    return {
        "about": _tell_run(pages, overview["videos"]),
        "tiles": _tell_counts(pages, overview),
        "sections": [name for name, there in shown.items() if there],
        "cohort": draw_cohort(cohort) if cohort else None,
        "cohort_videos": cohort.videos if cohort else 0,
        "cohort_step": cohort.step_s if cohort else 1,
        "cohort_groups": [group["name"] for group in cohort.curves["groups"]] if cohort else [],
        "cohort_rows": cohort.rows if cohort else [],
        "most_told": MOST_TOLD,
        "markers": cohort.markers if cohort else [],
        "measures": MEASURES,
        "model": describe_model(pages.run),
    }


def _tell_run(pages: Pages, videos: int) -> list[str]:
    """Returns in words when and how was analysed."""
    run = pages.run
    fps = run.setting("sample_fps")
    sampled = "samples_all" if fps == "all" else "samples_per_s"
    return [
        pages.say("analysed", date=show_date(run.started, pages.lang)),
        pages.say("by_model", name=run.model.name),
        pages.say("detector", name=run.setting("detector")),
        *([pages.say(sampled, fps=fps)] if videos else []),
    ]


def _tell_counts(pages: Pages, overview: Row) -> list[dict[str, Any]]:
    """Returns the counts at the head of the page."""
    count, sampled, lost = pages.count, overview["sampled"], overview["lost"]
    seen = pages.say("in_videos", count=count(overview["people_seen"]))
    coverage = show_share(overview["with_faces"] / sampled) if sampled else "–"
    values = [
        ("media", count(overview["media"]), _tell_kinds(pages, overview)),
        (
            *("sampled", count(sampled)),
            pages.say("lost", count=count(lost)) if lost else pages.say("none_lost"),
        ),
        ("with_faces", coverage, pages.say("of_frames", count=count(overview["with_faces"]))),
        ("faces", count(overview["faces"]), seen if overview["videos"] else ""),
        ("failed", count(overview["failures"]), pages.say("failed_is")),
    ]
    return [
        {
            "name": pages.say(key),
            "value": value,
            "note": note,
            "warns": key == "failed" and overview["failures"] > 0,
        }
        for key, value, note in values
    ]


def _tell_kinds(pages: Pages, overview: Row) -> str:
    """Returns how many videos and pictures there are, without what there is none of."""
    numbers = {"video": overview["videos"], "picture": overview["pictures"]}
    return ", ".join(
        pages.say(f"one_{kind}" if number == 1 else f"many_{kind}s", count=pages.count(number))
        for kind, number in numbers.items()
        if number
    )
