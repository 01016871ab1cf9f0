"""The quantile of measured times that stands for the time without disturbances.

Other work on the machine only ever lengthens a time, as the documentation of Python's `timeit` says. A low quantile is closer
to the undisturbed time than a median is, and it is less extreme than the lowest of many times.
"""

LOWEST = 0.1
