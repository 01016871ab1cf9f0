"""Compute curvature at the recorded minimisers of a study, and the loss landscape around the minimisers.

This package selects runs, makes tasks for workers, and writes the files of landscapes. The formulas are in `sweepgd.curvature`,
and measures during a run are in `sweepgd.training`. Apart from the optimizer's path, no code here trains, and none changes a
recorded trial.
"""
