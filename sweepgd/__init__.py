"""Run hyperparameter sweeps of stochastic gradient descent, and record every run in Parquet files.

`search` runs a sweep, and `train` runs a single configuration. `measure` computes curvature at recorded minimisers. `merge`
combines the shards of a search into one record, and `load` opens results. The README describes the command line. `__all__` is
the public interface in Python, together with `sweepgd.plugin` and `sweepgd.testing` for authors of plugins. All other modules
are private.
"""

import warnings
from typing import TYPE_CHECKING

from sweepgd.core.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from sweepgd.core.errors import SweepgdError, UsageError
    from sweepgd.core.outcome import Outcome
    from sweepgd.core.version import __version__
    from sweepgd.minimisers.measure_recorded import measure
    from sweepgd.record.commit_results import Progress
    from sweepgd.record.results import Minimum, Results, load
    from sweepgd.serving.search_estimator import SweepClassifier, SweepRegressor
    from sweepgd.serving.trained_model import Model
    from sweepgd.study.merge_shards import merge
    from sweepgd.study.search import search
    from sweepgd.study.train import train
    from sweepgd.sweep.spec import Sweep
    from sweepgd.training.evaluation import Best, Evaluation
    from sweepgd.training.run import Training

__all__ = [
    "Best",
    "Evaluation",
    "Minimum",
    "Model",
    "Outcome",
    "Progress",
    "Results",
    "Sweep",
    "SweepClassifier",
    "SweepRegressor",
    "SweepgdError",
    "Training",
    "UsageError",
    "__version__",
    "load",
    "measure",
    "merge",
    "search",
    "train",
]

# Optuna imports tqdm, which warns in every notebook without ipywidgets. No progress bar of tqdm is shown.
warnings.filterwarnings("ignore", "IProgress not found")

# Each name is imported when it is first used, because `sweepgd --help` and plugin look-ups do not need Numba, Optuna or Arrow.
if not TYPE_CHECKING:  # a type checker that sees `__getattr__` accepts every name
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "sweepgd.core.errors": ("SweepgdError", "UsageError"),
            "sweepgd.core.outcome": ("Outcome",),
            "sweepgd.core.version": ("__version__",),
            "sweepgd.minimisers.measure_recorded": ("measure",),
            "sweepgd.record.commit_results": ("Progress",),
            "sweepgd.record.results": ("Minimum", "Results", "load"),
            "sweepgd.serving.search_estimator": ("SweepClassifier", "SweepRegressor"),
            "sweepgd.serving.trained_model": ("Model",),
            "sweepgd.study.merge_shards": ("merge",),
            "sweepgd.study.search": ("search",),
            "sweepgd.study.train": ("train",),
            "sweepgd.sweep.spec": ("Sweep",),
            "sweepgd.training.evaluation": ("Best", "Evaluation"),
            "sweepgd.training.run": ("Training",),
        },
    )
