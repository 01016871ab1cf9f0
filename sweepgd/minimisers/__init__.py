"""Compute curvature at the recorded minimisers of a study, and the loss landscape around the minimisers.

This package selects runs, makes tasks for workers, and writes the files of landscapes. The formulas are in `sweepgd.curvature`,
and measures during a run are in `sweepgd.training`. Only `landscape.optimizer_path` trains a run, to find the path of its
optimizer. No code here changes a recorded trial.
"""
