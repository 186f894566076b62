"""Lists what lies in a folder of OUTPUT, local or in a store."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pipelines.output import Output


def list_files(output: Output, folder: str) -> Iterator[str]:
    """Lists the files of a folder of OUTPUT, and those below it, as paths below OUTPUT."""
    if not output.is_local:
        root = output.path("")
        yield from (uri[len(root) :] for uri in output.list_below(folder))
        return
    for place, _, names in os.walk(output.path(folder)):
        below = os.path.relpath(place, output.root).replace(os.sep, "/")
        yield from (f"{below}/{name}" for name in sorted(names))
