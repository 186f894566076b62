"""Which faces are seen well enough to be read, for `--only-clear`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_YAW, LEAST_SHARPNESS = 30.0, 0.02
"""A head that is turned farther, in degrees, or a crop that is less sharp is left out. Of 1,200
labelled crops made as blurred as this the network reads 8 in 100 fewer right."""

TURNED = f"abs(coalesce(yaw, 0)) > {MOST_YAW}"
BLURRED = f"sharpness < {LEAST_SHARPNESS}"
CLEAR = f"NOT ({TURNED} OR {BLURRED})"
"""What the rows of `faces` are asked; a yaw that is not known does not count against it."""


class LeftOut(NamedTuple):
    """How many faces there are, and of them those that are left out: one may be both."""

    faces: int
    left_out: int
    turned: int
    blurred: int


def count_unclear(tables: DuckDBPyConnection) -> LeftOut:
    """Counts the faces that `--only-clear` leaves out."""
    (counted,) = tables.execute(
        f"SELECT count(*), count(*) FILTER (NOT {CLEAR}), count(*) FILTER ({TURNED}), "
        f"count(*) FILTER ({BLURRED}) FROM faces"
    ).fetchall()
    return LeftOut(*counted)
