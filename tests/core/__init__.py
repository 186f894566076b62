"""Tests of the core; they know no Beam."""
