"""Computations at the recorded minimisers of a study: curvature, and the loss landscape around them.

The formulas are in `curvature`; here are the selection of runs, the workers and the files.
"""
