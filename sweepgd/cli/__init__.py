"""The command line, one file per command. A command parses its options, calls the library and prints. No other logic belongs
here.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""
