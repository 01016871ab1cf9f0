"""Code that all packages share: errors, settings, layout table, outcomes, random streams, interrupts and disk cache.

No module here imports another package of sweepgd.
"""
