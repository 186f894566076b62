"""`ferbeam agree`: compares a run with what people coded, and writes the page to look at."""

from __future__ import annotations

import math
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pyarrow as pa

from fer_core.agreement import Figure
from fer_core.emotions import emotion_named
from fer_core.errors import UsageError
from ferbeam.agreement.codes import read_codes
from ferbeam.agreement.compare import FIGURES, Agreement, How, Moment, compare_codes
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.folder import Output, copy_name
from ferbeam.output.lock import locked
from ferbeam.output.one_run import check_run
from ferbeam.output.ownership import claim_folder
from ferbeam.output.put_tables import finish_left
from ferbeam.output.report_mark import AGREEMENT
from ferbeam.output.run_file import load_run
from ferbeam.output.sweeping import keep_notes
from ferbeam.query.tables import open_tables
from ferbeam.report.figures import show_moment
from ferbeam.report.pages import Pages
from ferbeam.report.places import link_to
from ferbeam.text import printable
from ferbeam.versions import NOT_INSTALLED, version_of

MARGIN_S = 0.5
"""What a moment's player shows before and after it."""


def agree_with(output: Output, codes: Path, how: How, lang: str) -> Agreement:
    """Compares a finished run with what people coded; writes `agreement.html` into OUTPUT.

    Args:
        output: of the run.
        codes: file or folder, as of `read_codes`.
        how: how time is compared.
        lang: of the page, `en` or `fr`.

    Raises:
        UsageError: there is no finished run, or the codes do not fit it.
        SettingsError: another command writes into OUTPUT.
        TryLaterError: another run was put in place meanwhile.
    """
    for name, value, least in (("step", how.step_ms, 1), ("tolerance", how.tolerance_ms, 0)):
        if value < least:
            raise UsageError(f"{name} {value} ms: {least} is the least")
    load_run(output)
    read = read_codes(codes)
    claim_folder(output, OUTPUT)
    finish_left(output)
    run = load_run(output)
    with open_tables(output) as tables:
        agreement = compare_codes(tables, read, how)
        copies = dict(tables.execute("SELECT media, annotated FROM media").fetchall())
    version = version_of("ferbeam").replace(NOT_INSTALLED, "")
    with locked(output):
        check_run(output, run)
        pages = Pages(output, run, lang, printable(codes.name), version)
        pages.write(AGREEMENT, "agreement.html", {}, _view(pages, agreement, how, copies))
        keep_notes(output)
    return agreement


def tell_figures(agreement: Agreement, narrow: bool) -> pa.Table:
    """Returns the figures as people read them; narrow: the interval below its value.

    The column `people` is the kappa of the coders among themselves.
    """
    kept = [name for name in FIGURES if name != "kappa_of_people" or len(agreement.coders) > 1]
    columns = {"emotion": [[name, ""] for name in agreement.figures]}
    for name in kept:
        shown = (show_figure(row[name]) for row in agreement.figures.values())
        columns[name.replace("kappa_of_", "")] = [
            [value, interval.rstrip(")")] if narrow else [f"{value}{gap}{interval}", ""]
            for value, gap, interval in (text.partition(" (") for text in shown)
        ]
    lines = 2 if narrow else 1
    return pa.table(
        {name: [line for pair in own for line in pair[:lines]] for name, own in columns.items()}
    )


def name_coders(agreement: Agreement) -> str:
    """Names the coders, `anna, ben`; empty where no file tells any."""
    return ", ".join(printable(coder) for coder in agreement.coders if coder)


def show_figure(figure: Figure) -> str:
    """Writes a figure with its interval, such as `0.61 (0.52 to 0.70)`."""
    if math.isnan(figure.value):
        return "-"
    value, low, high = (f"{number:.2f}".replace("-0.00", "0.00") for number in astuple(figure))
    return value if math.isnan(figure.low) else f"{value} ({low} to {high})"


def _view(
    pages: Pages, agreement: Agreement, how: How, copies: dict[str, str | None]
) -> dict[str, Any]:
    """Returns what the template shows."""
    rows = [
        (
            None if name == "all" else emotion_named(name),
            [show_figure(row[one]).partition(" ") for one in FIGURES],
        )
        for name, row in agreement.figures.items()
    ]
    several = len(agreement.coders) > 1
    return {
        "rows": rows,
        "several": several,
        "columns": FIGURES if several else FIGURES[:-1],
        "videos": pages.count(len(agreement.media)),
        "minutes": f"{agreement.coded_s / 60:.1f}",
        "coders": name_coders(agreement),
        "seen": agreement.seen,
        "tolerance": how.tolerance_ms,
        "moments": [
            _view_moment(one, copies.get(one.media), pages.lang) for one in agreement.moments
        ],
        "notes": [printable(note) for note in agreement.notes],
    }


def _view_moment(moment: Moment, copy: str | None, lang: str) -> dict[str, Any]:
    begin, end = moment.from_ms / 1000, moment.until_ms / 1000
    shown = f"#t={max(0, begin - MARGIN_S):.1f},{end + MARGIN_S:.1f}"
    whole = copy == copy_name("video", moment.media)
    return {
        "media": moment.media,
        "clip": link_to(str(copy), AGREEMENT) + shown if whole else None,
        "when": f"{show_moment(moment.from_ms, lang)}–{show_moment(moment.until_ms, lang)}",
        "seconds": f"{end - begin:.1f}",
        "people": emotion_named(moment.people),
        "run": emotion_named(moment.run),
    }
