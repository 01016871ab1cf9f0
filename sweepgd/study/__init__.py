"""One study: the sweep is checked, points are proposed by samplers, trials are run, recorded and told, until all are done.

Optuna's samplers are used here alone. Nothing here measures curvature afterwards or prints.
"""
