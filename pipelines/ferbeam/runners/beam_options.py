"""Beam options as the command line gives them: `--name=value`, or in two words."""

from __future__ import annotations

from collections.abc import Sequence


def option_value(options: Sequence[str], name: str) -> str | None:
    """Returns the value of a Beam option, the last one where it is given twice."""
    found = None
    for place, option in enumerate(options):
        if option.startswith(f"--{name}="):
            found = option.partition("=")[2]
        elif option == f"--{name}" and place + 1 < len(options):
            found = options[place + 1]
    return found
