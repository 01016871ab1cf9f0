"""`python -m sweepgd` is the command line."""

from sweepgd.cli import main

main()
