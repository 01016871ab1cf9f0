"""The command line, a file a command: each parses its options, calls the library and prints. No other logic belongs here.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""
