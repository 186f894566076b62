"""The same face through a video: linking, smoothing, and where it is between samples."""
