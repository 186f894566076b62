"""`python -m ferbeam`: the command."""

from ferbeam.cli import main

if __name__ == "__main__":
    main()
