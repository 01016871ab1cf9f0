"""The Hessian products of a model's loss, and the measures of sharpness and flatness that use them, one per file.

A measure gets an objective and a point, and knows nothing of trials, sweeps or records.
"""
