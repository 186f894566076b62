"""Videos: their packets, their frames, and their annotated copies."""
