"""The exit codes of the commands."""

from __future__ import annotations

DONE, FATAL, USAGE, SOME_FAILED = 0, 1, 2, 3
