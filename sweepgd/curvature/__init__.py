"""Hessian products of a model's loss, and measures of sharpness and flatness at a minimiser, one in each file."""
