"""`ferbeam failures`: what could not be done, grouped by reason, and how to try just that again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_core.records import FAILURE_STAGES

if TYPE_CHECKING:
    from ferbeam.output.folder import Output

SHOWN_NAMES = 3
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Reason:
    """Failures of one stage that differ only in the medium and in numbers.

    Attributes:
        stage: as in the table.
        text: the reason of the first of them, without the name of the medium.
        rows: rows of the table `failures`.
    """

    stage: str
    text: str
    rows: list[dict[str, Any]]

    @property
    def media(self) -> list[str]:
        """The media concerned, each once."""
        return list(dict.fromkeys(row["media"] for row in self.rows))


def load_failures(output: Output) -> tuple[list[dict[str, Any]], str | None]:
    """Reads the failures of a finished run, and what `retry_command` makes of its command.

    Raises:
        UsageError: there is no finished run.
    """
    from ferbeam.output.one_run import read_one_run
    from ferbeam.output.read_tables import read_tables

    return read_one_run(
        output,
        lambda run: (
            read_tables(output, run, "failures").to_pylist(),
            retry_command(run.command),
        ),
    )


def retry_command(command: str) -> str | None:
    """Returns the command that tries the failures of a run again, by the one that made it.

    Its words stay quoted as they are, so that a shell runs ferbeam and nothing else.

    None for a recording of `live`: what the camera showed is gone.
    """
    from ferbeam.masking import mask_text
    from ferbeam.shell_words import split_line

    words = split_line(command) or []
    if words[:2] != ["ferbeam", "analyze"]:
        return None
    kept = [word for word in words[2:] if word not in ("--overwrite", "--retry-failures")]
    return mask_text(" ".join(["ferbeam", "analyze", "--retry-failures", *kept]))


def group_reasons(rows: list[dict[str, Any]]) -> list[Reason]:
    """Groups failures by stage and reason: by stage, the most frequent reason first."""
    groups: dict[tuple[str, str], Reason] = {}
    for row in rows:
        text = reason_of(row["media"], row["message"])
        key = row["stage"], _NUMBER.sub("#", text)
        groups.setdefault(key, Reason(row["stage"], text, [])).rows.append(row)
    return sorted(groups.values(), key=lambda one: (_stage_of(one), -len(one.rows)))


def _stage_of(reason: Reason) -> int:
    """Returns the place of its stage; of one that is none of ours the last."""
    known = FAILURE_STAGES
    return known.index(reason.stage) if reason.stage in known else len(known)


def reason_of(medium: str, message: str) -> str:
    """Returns a message without the name of its medium."""
    from fer_core.media import shown_name

    return message.replace(f"{shown_name(medium)}: ", "").replace(f"{medium}: ", "")


def tell_reason(reason: Reason) -> list[str]:
    """Puts a reason into lines: how often, what is wrong, and the first media."""
    from ferbeam.text import count_of, printable

    media, count = reason.media, len(reason.rows)
    many = count_of(len(media), "medium")
    times = f", {count} times" if count > len(media) else ""
    names = [f"  {printable(name)}" for name in media[:SHOWN_NAMES]]
    more = [f"  and {len(media) - SHOWN_NAMES} more"] if len(media) > SHOWN_NAMES else []
    return [f"{printable(reason.stage)} ({many}{times}): {printable(reason.text)}", *names, *more]


def describe_reason(reason: Reason) -> dict[str, Any]:
    """Returns what `--format json` tells of a reason."""
    count = len(reason.rows)
    return {"stage": reason.stage, "reason": reason.text, "count": count, "media": reason.media}


def write_failures_csv(rows: list[dict[str, Any]]) -> str:
    """Puts the rows of the table into CSV (RFC 4180); on a terminal, as it may show them."""
    import csv
    import io
    import sys

    from fer_core.records import FAILURES
    from ferbeam.text import printable

    text = io.StringIO()
    writer = csv.DictWriter(text, FAILURES.names)
    writer.writeheader()
    if sys.stdout.isatty():
        texts = ("media", "stage", "error", "message")
        rows = [{**row, **{name: printable(row[name]) for name in texts}} for row in rows]
    writer.writerows(rows)
    return text.getvalue()
