"""Finding faces in grey frames."""
