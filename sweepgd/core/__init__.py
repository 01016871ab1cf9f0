"""What all packages share: errors, settings, the layout table, outcomes, random streams, interrupts and the disk cache.

Nothing here imports another package of sweepgd.
"""
