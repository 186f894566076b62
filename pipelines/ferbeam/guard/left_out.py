"""Keeps out of a process of ours what Arrow and Beam load or look for, and nothing here asks for.

Pandas takes 0.2 s in each process; in a job BigQuery takes 0.07, MongoDB's bson 0.02, and IPython,
which Beam looks for at every step, 0.03.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

BIGQUERY = "apache_beam.io.gcp.bigquery"
"""With which Beam's other parts for Google's cloud are left out, too."""


class _LeftOut(MetaPathFinder):
    """Says of some modules that they are not there."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname}: ferbeam does without", name=fullname)


def leave_out(*names: str) -> None:
    """From now on these modules cannot be imported; what has been stays."""
    sys.meta_path.insert(0, _LeftOut(names))
