"""Makes functions crash, hang or raise: every Python process with this folder on its path loads it.

FERBEAM_FAULTS holds `module:function:medium:crash`, `...:hang`, `...:raise` or `...:once`, several
with commas between. A call whose arguments name the medium never returns, or raises what no step
expects: each time, or in the workers alone.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

FAULTS = [fault.split(":") for fault in os.environ.get("FERBEAM_FAULTS", "").split(",") if fault]


def faulty(function: Callable[..., Any], medium: str, kind: str) -> Callable[..., Any]:
    """Wraps a function."""

    def call(*args: Any, **named: Any) -> Any:
        if medium in repr(args):
            if kind == "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            if kind == "hang":
                time.sleep(10_000)
            if kind == "raise" or "apart_main" not in sys.argv[0]:
                raise OverflowError("Python int too large to convert to C long")
        return function(*args, **named)

    return call


class Faults(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads modules as ever, and then wraps their faulty functions."""

    def __init__(self) -> None:
        self._loading: set[str] = set()
        self._loaders: dict[str, Any] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self._loading or name not in {fault[0] for fault in FAULTS}:
            return None
        self._loading.add(name)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            self._loaders[name], spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        self._loaders[module.__name__].exec_module(module)
        for name, function, medium, kind in FAULTS:
            if name == module.__name__:
                setattr(module, function, faulty(getattr(module, function), medium, kind))


sys.meta_path.insert(0, Faults())
