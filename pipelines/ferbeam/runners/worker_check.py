"""Whether the workers of a pool would run what a command is about to send them."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass
from typing import Any

from fer_core.errors import FerError
from fer_core.model import find_model_dir, load_card
from ferbeam.versions import version_of

CHECK_SERVICE = "ferbeam.WorkerPool"
"""The gRPC service beside Beam's own; its method `Check` takes and returns JSON."""

PACKAGES = ("apache-beam", "ferbeam")


@dataclass(frozen=True)
class WorkerNeeds:
    """What a worker must have to do a job.

    Attributes:
        versions: of Python and the packages that both sides must share.
        input: INPUT, if it is a path.
        output: the folder that holds OUTPUT, if that is a path.
        model_dir: model folder, None for the shipped one.
        engine: what runs the model.
        model_sha256: of the model file.
        files: other files that it reads.
    """

    versions: dict[str, str]
    input: str | None
    output: str | None
    model_dir: str | None
    engine: str
    model_sha256: str
    files: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the needs as plain values for JSON."""
        return asdict(self)


def installed_versions() -> dict[str, str]:
    """Returns the versions that must be the same on both sides."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"Python": python, **{name: version_of(name) for name in PACKAGES}}


def describe_problems(needs: dict[str, Any]) -> list[str]:
    """Returns what keeps the workers here from doing a job, a line each; none if nothing does.

    Args:
        needs: `WorkerNeeds` as plain values.
    """
    own = installed_versions()
    problems = [
        f"{name} is {own.get(name, 'not installed')} there and {version} here; install the same"
        for name, version in needs["versions"].items()
        if own.get(name) != version
    ]
    for name in ("input", "output"):
        path = needs[name]
        if path and not os.path.exists(path):
            problems.append(f"{name.upper()} {path} is not there; all workers must see it")
    problems += [f"{path} is not there" for path in needs["files"] if not os.path.exists(path)]
    return problems + _model_problems(needs)


def _model_problems(needs: dict[str, Any]) -> list[str]:
    folder = needs["model_dir"]
    try:
        card = load_card(find_model_dir(folder))
        found = card.sha256_for(needs["engine"])
    except FerError as error:
        return [str(error)]
    if found != needs["model_sha256"]:
        return [f"model {folder or card.name} is another one there (sha256 {found[:12]}...)"]
    return []
