"""The tests of ferbeam."""
