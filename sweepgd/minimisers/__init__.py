"""Computations at the recorded minimisers of a study: curvature, and the loss landscape around them.

The selection of runs, the tasks for workers and the files of landscapes are here. The formulas are in `curvature`, and measures
taken while a trial runs are in `training`. Nothing here trains or changes a recorded trial.
"""
