"""What is computed after a study at its recorded minimisers: curvature, and the loss landscape around them.

The formulas are in `curvature`; here are the selection of runs, the workers and the files.
"""
