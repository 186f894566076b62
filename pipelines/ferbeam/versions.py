"""The versions of installed packages."""

from __future__ import annotations

NOT_INSTALLED = "not installed"


def version_of(package: str) -> str:
    """Returns the version of a package, by its name on the index; `not installed` without it."""
    # Here, since it takes as long as all that `import ferbeam` loads.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return NOT_INSTALLED
