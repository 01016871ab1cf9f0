"""Computations at the recorded minimisers of a study: curvature, and the loss landscape around them.

This package selects runs, makes tasks for workers, and writes the files of landscapes. The formulas are in `curvature`, and
measures during a run are in `training`. Nothing here trains or changes a recorded trial.
"""
