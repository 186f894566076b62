"""Lists what lies in a folder of OUTPUT, local or in a store."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pipelines.output import Output


def list_below(output: Output, folder: str) -> Iterator[str]:
    """Lists the files of a folder of OUTPUT, and those below it, as paths below OUTPUT."""
    if output.is_local:
        for place, _, names in os.walk(output.path(folder)):
            below = os.path.relpath(place, output.root).replace(os.sep, "/")
            yield from (f"{below}/{name}" for name in sorted(names))
        return
    from apache_beam.io.filesystems import FileSystems

    found = FileSystems.match([output.path(folder, "**")])[0].metadata_list
    root = output.path("")
    yield from (match.path[len(root) :] for match in found if not match.path.endswith("/"))
