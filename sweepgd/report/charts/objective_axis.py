"""The title and the unit of the objective in charts: an error is in percent."""

import pyarrow as pa

from sweepgd.analysis.objective_name import objective_name


def objective_axis(trials: pa.Table) -> tuple[str, str, float]:
    """Return the name of the objective, the title of its axis, and the factor from the recorded value to the value drawn."""
    name = objective_name(trials)
    return (name, f"{name} (%)", 100.0) if name.endswith("error") else (name, name, 1.0)
