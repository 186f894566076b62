"""What SQL alone does not compute for the views `groups`, `synchrony` and `cohort`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
        none = pa.array([], kind)
        blocks = [list(function(_Seen(every.slice(at, 1).flatten()))) for at in range(len(every))]
        ends = np.cumsum([0, *(sum(map(len, own)) for own in blocks)], dtype=np.int32)
        return pa.ListArray.from_arrays(ends, pa.concat_arrays([none, *chain(*blocks)]))

    return answer


def _block(kind: pa.StructType, rows: int, columns: dict[str, Any]) -> pa.StructArray:
    """Returns columns as rows, null for NaN; what is no list or array is the same in all rows."""
    filled = {
        name: column if isinstance(column, list | np.ndarray) else [column] * rows
        for name, column in columns.items()
    }
    arrays = [pa.array(filled[field.name], field.type, from_pandas=True) for field in kind]
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


class _Seen:
    """What viewers show in stretches, as a table of viewers by stretches.

    Attributes:
        stretches: kind, name, start and end of each.
        viewers: media, name and group of each.
        scores: float64 (viewers, stretches, measures), NaN where one is not seen.
    """

    def __init__(self, rows: pa.StructArray) -> None:
        columns = {field.name: rows.field(field.name) for field in rows.type}
        self.stretches, stretch = _number(columns, ("kind", "start_ms", "end_ms", "name"))
        self.viewers, viewer = _number(columns, ("viewer_group", "media", "viewer"))
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


def _number(
    columns: dict[str, pa.Array], names: tuple[str, ...]
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """Returns the different keys in their order, and the position of each of all among them."""
    keys = np.zeros(len(columns[names[0]]), np.int64)
    for name in names:
        coded = columns[name].dictionary_encode()
        ranks = pc.rank(coded.dictionary).to_numpy().astype(np.int64)
        keys = keys * (len(ranks) + 1) + ranks[coded.indices.to_numpy()]
    _, firsts, places = np.unique(keys, return_index=True, return_inverse=True)
    known = zip(*(columns[name].take(pa.array(firsts)).to_pylist() for name in names), strict=True)
    return list(known), places


def _compare(seen: _Seen) -> Iterator[pa.StructArray]:
    """Yields the rows of the view `groups`."""
    from ferbeam.query.group_tests import compare_groups  # SciPy takes a while to load

    for (name_a, first), (name_b, second) in combinations(seen.groups().items(), 2):
        both = np.concatenate([first, second])
        for kind in sorted({row[0] for row in seen.stretches}):
            stretches = seen.of_kind(kind)
            _, start, end, name = zip(*(seen.stretches[at] for at in stretches), strict=True)
            told = {"kind": kind, "name": list(name), "start_ms": list(start), "end_ms": list(end)}
            for number, measure in enumerate(MEASURES):
                named = {"measure": measure, "group_a": name_a, "group_b": name_b}
                values = seen.scores[both][:, stretches, number]
                found = compare_groups(values, np.arange(len(both)) < len(first))
                figures = {
                    **dict(zip(("viewers_a", "viewers_b"), found.count, strict=True)),
                    **dict(zip(("mean_a", "mean_b"), found.mean, strict=True)),
                    "difference": found.mean[0] - found.mean[1],
                    **{part: getattr(found, part) for part in ("low", "high", "p", "p_corrected")},
                }
                yield _block(GROUPS, len(stretches), {**told, **named, **figures})


def _synchronise(seen: _Seen) -> Iterator[pa.StructArray]:
    """Yields the rows of the view `synchrony`: of each viewer of a group, and of the group."""
    from ferbeam.query.synchrony import measure_synchrony

    seconds = seen.of_kind("second")
    for group, viewers in seen.groups().items():
        _, media, names = zip(*(seen.viewers[at] for at in viewers), strict=True)
        told = {"viewer_group": group, "media": [*media, None], "viewer": [*names, None]}
        for number, measure in enumerate(MEASURES):
            curves = seen.scores[viewers][:, seconds, number]
            found, known = measure_synchrony(curves), ~np.isnan(curves)
            figures = {
                **{"measure": measure, "viewers": len(viewers)},
                "seconds": np.append(known.sum(axis=1), known.any(axis=0).sum()),
                **{part: getattr(found, part) for part in ("correlation", "chance", "p")},
            }
            yield _block(SYNCHRONY, len(viewers) + 1, {**told, **figures})
