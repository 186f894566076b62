"""What SQL alone does not compute for the views `groups`, `synchrony` and `cohort`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ferbeam.query.measures import MEASURES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

SEEN = (
    "STRUCT(kind VARCHAR, name VARCHAR, start_ms BIGINT, end_ms BIGINT, media VARCHAR, "
    "viewer VARCHAR, viewer_group VARCHAR, scores DOUBLE[])[]"
)
"""What a viewer shows on average in a stretch: the measures in their order."""

_TEXT, _WHOLE, _REAL = pa.string(), pa.int64(), pa.float64()
GROUPS = pa.struct(
    [
        *((name, _TEXT) for name in ("kind", "name")),
        *((name, _WHOLE) for name in ("start_ms", "end_ms")),
        *((name, _TEXT) for name in ("measure", "group_a", "group_b")),
        *((name, _WHOLE) for name in ("viewers_a", "viewers_b")),
        *((name, _REAL) for name in ("mean_a", "mean_b", "difference", "low", "high")),
        *((name, _REAL) for name in ("p", "p_corrected")),
    ]
)
SYNCHRONY = pa.struct(
    [
        *((name, _TEXT) for name in ("viewer_group", "measure", "media", "viewer")),
        *((name, _WHOLE) for name in ("viewers", "seconds")),
        *((name, _REAL) for name in ("correlation", "chance", "p")),
    ]
)
_SQL_TYPES = {_TEXT: "VARCHAR", _WHOLE: "BIGINT", _REAL: "DOUBLE"}
Row = dict[str, Any]


def add_functions(tables: DuckDBPyConnection) -> None:
    """Adds `compare_groups`, `measure_synchrony` and `t_for_mean` to a connection."""
    for name, function, kind in (
        ("compare_groups", _compare, GROUPS),
        ("measure_synchrony", _synchronise, SYNCHRONY),
    ):
        fields = ", ".join(f'"{field.name}" {_SQL_TYPES[field.type]}' for field in kind)
        tables.create_function(
            name, _over_lists(function, kind), [SEEN], f"STRUCT({fields})[]", type="arrow"
        )
    tables.create_function("t_for_mean", _find_t, ["BIGINT"], "DOUBLE", type="arrow")


def _find_t(counts: pa.ChunkedArray) -> pa.Array:
    """Returns Student's t for the 95 % interval of means of so many, two at least."""
    from scipy.special import stdtrit

    from ferbeam.query.group_tests import CONFIDENCE

    # Not `pa.array`, which imports pandas where that is installed: 0.1 s.
    t = stdtrit(counts.to_numpy() - 1.0, (1 + CONFIDENCE) / 2)
    return pa.Array.from_buffers(pa.float64(), len(t), [None, pa.py_buffer(t)])


def _over_lists(function: Any, kind: pa.StructType) -> Any:
    """Returns what takes a column of lists, and gives a list for each."""

    def answer(lists: pa.ChunkedArray) -> pa.Array:
        every = lists.combine_chunks()
        rows = [list(function(_Seen(every.slice(at, 1).flatten()))) for at in range(len(every))]
        return pa.array(rows, pa.list_(kind))

    return answer


class _Seen:
    """What viewers show in stretches, as a table of viewers by stretches.

    Attributes:
        stretches: kind, name, start and end of each.
        viewers: media, name and group of each.
        scores: float64 (viewers, stretches, measures), NaN where one is not seen.
    """

    def __init__(self, rows: pa.StructArray) -> None:
        columns = {field.name: rows.field(field.name) for field in rows.type}
        of_stretch = _keys(columns, ("kind", "start_ms", "end_ms", "name"))
        of_viewer = _keys(columns, ("viewer_group", "media", "viewer"))
        self.stretches, stretch = _number(of_stretch)
        self.viewers, viewer = _number(of_viewer)
        self.scores = np.full((len(self.viewers), len(self.stretches), len(MEASURES)), np.nan)
        flat = columns["scores"].flatten().to_numpy(zero_copy_only=False)
        self.scores[viewer, stretch] = flat.reshape(-1, len(MEASURES))

    def of_kind(self, kind: str) -> NDArray[np.int64]:
        """Returns the positions of the stretches of a kind, in the order of their time."""
        return np.array([at for at, row in enumerate(self.stretches) if row[0] == kind], np.int64)

    def groups(self) -> dict[str, NDArray[np.int64]]:
        """Returns the positions of the viewers of each group, by its name."""
        names = np.array([row[0] for row in self.viewers], object)
        return {name: np.flatnonzero(names == name) for name in sorted(set(names))}


def _keys(columns: dict[str, Any], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return list(zip(*(columns[name].to_pylist() for name in names), strict=True))


def _number(keys: list[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """Returns the different keys in their order, and the position of each of all among them."""
    known = sorted(set(keys))
    place = {key: at for at, key in enumerate(known)}
    return known, np.array([place[key] for key in keys], np.int64)


def _compare(seen: _Seen) -> Iterator[Row]:
    """Yields the rows of the view `groups`."""
    from ferbeam.query.group_tests import compare_groups  # SciPy takes a while to load

    for (name_a, first), (name_b, second) in combinations(seen.groups().items(), 2):
        both = np.concatenate([first, second])
        for kind in sorted({row[0] for row in seen.stretches}):
            stretches = seen.of_kind(kind)
            for number, measure in enumerate(MEASURES):
                named = {"measure": measure, "group_a": name_a, "group_b": name_b}
                values = seen.scores[both][:, stretches, number]
                found = compare_groups(values, np.arange(len(both)) < len(first))
                figures = {
                    **dict(zip(("viewers_a", "viewers_b"), found.count.tolist(), strict=True)),
                    **dict(zip(("mean_a", "mean_b"), map(_nulls, found.mean), strict=True)),
                    "difference": _nulls(found.mean[0] - found.mean[1]),
                    **{part: _nulls(getattr(found, part)) for part in ("low", "high", "p")},
                    "p_corrected": _nulls(found.p_corrected),
                }
                for at, place in enumerate(stretches):
                    _, start, end, name = seen.stretches[place]
                    told = {"kind": kind, "name": name, "start_ms": start, "end_ms": end}
                    yield {**told, **named, **{key: row[at] for key, row in figures.items()}}


def _synchronise(seen: _Seen) -> Iterator[Row]:
    """Yields the rows of the view `synchrony`: of each viewer of a group, and of the group."""
    from ferbeam.query.synchrony import measure_synchrony

    seconds = seen.of_kind("second")
    for group, viewers in seen.groups().items():
        for number, measure in enumerate(MEASURES):
            curves = seen.scores[viewers][:, seconds, number]
            found = measure_synchrony(curves)
            known = (~np.isnan(curves)).sum(axis=1).tolist()
            names = [seen.viewers[at][1:] for at in viewers]
            parts = [_nulls(part) for part in (found.correlation, found.chance, found.p)]
            lengths = [*known, int((~np.isnan(curves)).any(axis=0).sum())]
            for at, (media, viewer) in enumerate([*names, (None, None)]):
                yield {
                    **{"viewer_group": group, "measure": measure, "media": media},
                    **{"viewer": viewer, "viewers": len(viewers), "seconds": lengths[at]},
                    **dict(
                        zip(("correlation", "chance", "p"), (p[at] for p in parts), strict=True)
                    ),
                }


def _nulls(values: NDArray[np.float64]) -> list[Any]:
    """Returns numbers as a list, None for NaN."""
    return [None if np.isnan(value) else value for value in values.tolist()]
