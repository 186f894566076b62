"""Crashes and hangs: noticed, and kept from the rest."""
