"""The Hessian products of a model's loss, and the measures of sharpness and flatness made of them, one per file.

Measures see an objective and a point, never a trial, a sweep or a record.
"""
