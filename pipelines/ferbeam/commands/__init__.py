"""The commands of the command line: options in, a request out."""
