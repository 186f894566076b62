"""The Beam shell around `fer_core`, and the command line. Knows no pixels."""
