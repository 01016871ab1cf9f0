"""Hyperparameter sweeps for stochastic gradient descent."""
