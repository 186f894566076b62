"""Asking the tables of a finished run: `query` and `export`."""
