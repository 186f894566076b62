"""Keeps pandas out of a process of ours: Arrow and Beam load it wherever it is installed.

That takes 0.2 s in each process, and nothing here asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _NoPandas(MetaPathFinder):
    """Says that there is no pandas."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas: ferbeam's own processes do without", name=fullname)


def leave_out_pandas() -> None:
    """From now on pandas cannot be imported; what has been stays."""
    sys.meta_path.insert(0, _NoPandas())
