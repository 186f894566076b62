"""The entry of the Flex Template: its parameters become the command, which writes the job down."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from ferbeam.guard.fresh_python import fresh_environment, fresh_python

VALUES = (
    *("sample_fps", "detector", "detector_model", "redetect_ms", "model", "engine", "prior"),
    *("span_s", "people", "overlay", "avatars", "lang", "video_quality", "max_pixels"),
)
LISTS = ("include", "exclude")
FLAGS = ("input_list", "overwrite", "prune", "input_moved")
OWN = (*VALUES, *LISTS, *FLAGS)
"""Parameters that are options of `analyze` under nearly the same name: all but those that tell the
command of this machine what to do."""
_SET_HERE = ("input", "output", "runner")


def command_of(arguments: Sequence[str]) -> list[str]:
    """Returns the arguments of `ferbeam` for those of the launcher, each `--name=value`.

    Raises:
        ValueError: `--input` or `--output` is missing.
    """
    given = dict(argument.removeprefix("--").partition("=")[::2] for argument in arguments)
    if not given.get("input") or not given.get("output"):
        raise ValueError("the parameters input and output are needed: gs://BUCKET/...")
    options = [option for name in OWN for option in _options(name, given.get(name, ""))]
    named = {"--" + name for name in (*OWN, *_SET_HERE)}
    beam = [each for each in arguments if each.partition("=")[0] not in named]
    places = [given["input"], given["output"]]
    return ["analyze", *places, "--runner=dataflow", *options, "--", *beam]


def _options(name: str, value: str) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if name in FLAGS:
        return [flag] if value.lower() == "true" else []
    values = value.split(",") if name in LISTS else [value]
    return [f"{flag}={one.strip()}" for one in values if one.strip()]


def main() -> None:
    """Runs the command."""
    command = fresh_python("ferbeam.cli", *command_of(sys.argv[1:]))
    sys.exit(subprocess.run(command, check=False, env=fresh_environment()).returncode)


if __name__ == "__main__":
    main()
