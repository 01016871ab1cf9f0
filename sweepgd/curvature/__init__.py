"""Hessian products of a model's loss, and measures of sharpness and flatness, one measure per file.

A measure gets an objective and a point. No code here uses trials, sweeps or records.
"""
