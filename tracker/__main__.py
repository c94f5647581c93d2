"""`python -m tracker`: the command `stretchband`."""

from tracker.cli import main

main()
