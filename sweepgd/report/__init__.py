"""Tables for the terminal, figures and HTML pages, drawn from the tables of `sweepgd.analysis`.

Nothing here computes a statistic or parses an option.
"""
