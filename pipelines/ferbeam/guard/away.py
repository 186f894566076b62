"""How it is known that a store cannot be reached, whatever process found it out."""

from __future__ import annotations

import errno

AWAY = errno.EHOSTDOWN
"""The number of an error in reaching a store."""
AWAY_WORDS = "the store cannot be reached"
"""What its line says: the log of a job has nothing else to tell it by."""
