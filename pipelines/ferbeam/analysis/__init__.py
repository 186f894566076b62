"""The analysis as a Beam job: one file a step."""
