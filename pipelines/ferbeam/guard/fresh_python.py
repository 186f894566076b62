"""How ferbeam starts Python: what is imported lies where it was installed, never where one works.

`python -m` and `python -c` look for modules in the working folder first, before the standard
library: a `queue.py` among the user's videos would be run. Python 3.11 can be told not to
(PYTHONSAFEPATH), 3.10 cannot; so every process is started by a line that takes the folder out of
the path before anything is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fer_core
import ferbeam

_PLACES = [str(Path(each.__path__[0]).resolve().parent) for each in (fer_core, ferbeam)]
_RUN = (
    f"import sys; sys.path[:] = [*filter(None, sys.path), *{_PLACES!r}]; del sys.argv[0]; "
    "from runpy import run_module; run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


def fresh_python(module: str, *arguments: str) -> list[str]:
    """Returns the command that runs a module of ferbeam as `python -m` would."""
    return [sys.executable, "-c", _RUN, module, *arguments]


def fresh_environment() -> dict[str, str]:
    """Returns this process's environment, in which nothing stands for the working folder.

    An empty part of PYTHONPATH does, as `PYTHONPATH=$PYTHONPATH:/more` leaves one.
    """
    named = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    # What is started by other hands, as by `multiprocessing`, is safe by this from 3.11 on.
    safe = {"PYTHONPATH": os.pathsep.join(named), "PYTHONSAFEPATH": "1"}
    return {**os.environ, **safe}


@contextmanager
def away_from_here() -> Iterator[None]:
    """Leaves the working folder while `multiprocessing` starts Python by its own command.

    What it starts goes back by itself.
    """
    here = os.open(".", os.O_RDONLY)
    os.chdir("/")
    try:
        yield
    finally:
        os.fchdir(here)
        os.close(here)
