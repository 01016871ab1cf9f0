"""`python -m sweepgd` is the command line."""

from sweepgd.cli import main

try:
    main()
finally:
    # A KeyboardInterrupt out of an `exec` of text, as of a dataclass being made, marks the process to end by SIGINT in place of
    # its exit code (CPython's unhandled_keyboard_interrupt). The next such `exec` takes the mark away.
    exec("")
