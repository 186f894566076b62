"""What is known of the package only where it is built: the repository it comes from.

A workflow says so (GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA). There the links of the README
become absolute, so that a package index shows its pictures, and the project has its URLs.
Elsewhere the README stays as it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(!?)\[([^]]*)\]\((?!https?:|#|mailto:)([^)\s]+)\)")


class PackageMetadata(MetadataHookInterface):
    """Sets `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Adds to what pyproject.toml says."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        home = find_repository()
        if home:
            text = make_links_absolute(text, home, os.environ.get("GITHUB_SHA", "HEAD"))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = project_urls(home) if home else {}


def find_repository() -> str | None:
    """Returns the address of the repository, None where it is not known."""
    name = os.environ.get("GITHUB_REPOSITORY")
    return name and f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{name}"


def project_urls(home: str) -> dict[str, str]:
    """Returns what a package index shows beside the README."""
    return {
        "Repository": home,
        "Issues": f"{home}/issues",
        "Changelog": f"{home}/blob/HEAD/.github/CHANGELOG.md",
    }


def make_links_absolute(text: str, home: str, commit: str) -> str:
    """Returns Markdown whose relative links name a file of one commit; a picture, its bytes."""

    def absolute(found: re.Match[str]) -> str:
        picture, words, path = found.groups()
        kind = "raw" if picture else "blob"
        return f"{picture}[{words}]({home}/{kind}/{commit}/{path})"

    return LINK.sub(absolute, text)
