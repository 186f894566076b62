"""What a job on Dataflow needs beyond the command line: checked before anything is started."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from fer_core.errors import UsageError
from ferbeam.runners.beam_options import option_value

NAMES = ("dataflow", "dataflowrunner")
"""What `--runner` calls it."""
MACHINE_TYPE = "n2-standard-4"
_NEEDED = {
    "project": (("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"), "the project that pays"),
    "region": (("GOOGLE_CLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"), "such as europe-west1"),
    "sdk_container_image": (("FERBEAM_IMAGE",), "built from pipelines/ferbeam/deploy/Dockerfile"),
}
"""Options without which there is no job: where the environment has them, and what they are."""


def complete_options(
    places: Mapping[str, str], own: Sequence[str], environment: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Adds to the user's Beam options what Dataflow needs; the user's own win.

    A process has one thread, and Dataflow starts as many processes as a machine has cores: an
    interpreter of LiteRT serves one thread, and Python would run but one at a time.

    Args:
        places: what is read, then where results and scratch files go, by their names in the help.
        own: the user's Beam options.
        environment: the environment variables.

    Raises:
        UsageError: a place is not in Cloud Storage, or an option is missing.
    """
    for name, place in places.items():
        if not place.startswith("gs://"):
            raise UsageError(
                f"{name} {place}: Dataflow cannot reach it, gs://BUCKET/... would be right"
            )
    given = {option.partition("=")[0].removeprefix("--") for option in own}
    added = [
        f"--{name}={_find(name, variables, what, environment)}"
        for name, (variables, what) in _NEEDED.items()
        if name not in given
    ]
    scratch = list(places.values())[-1].rstrip("/") + "/.spans/dataflow"
    defaults = {
        "temp_location": scratch,
        "staging_location": scratch,
        "machine_type": MACHINE_TYPE,
        "number_of_worker_harness_threads": "1",
        "sdk_location": "container",  # the image has Beam, in the version of its constraints
    }
    added += [f"--{name}={value}" for name, value in defaults.items() if name not in given]
    return (*added, *own)


def ends_without_result(options: Sequence[str]) -> bool:
    """Tells whether a job is only checked, or only written down as a template."""
    checked = (option_value(options, "dry_run") or "").lower() == "true"
    return checked or option_value(options, "template_location") is not None


def _find(name: str, variables: tuple[str, ...], what: str, environment: Mapping[str, str]) -> str:
    for variable in variables:
        if environment.get(variable):
            return environment[variable]
    raise UsageError(
        f"runner dataflow: no {name} ({what}): add `-- --{name}=...`, or set {variables[0]}"
    )


def is_installed() -> bool:
    """Tells whether what submits to Dataflow is installed."""
    try:
        return find_spec("google.cloud.dataflow") is not None
    except ModuleNotFoundError:  # of a parent
        return False


def check_installed() -> None:
    """Checks that what submits to Dataflow is installed.

    Raises:
        UsageError: it is not.
    """
    if not is_installed():
        raise UsageError("runner dataflow: needs packages more; pip install 'ferbeam[gcp]'")
