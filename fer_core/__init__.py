"""The core of ferbeam: arrays in, values out. Knows no Beam and no command line."""
