"""The catalogue of measures of sharpness and flatness: name, description, paper and settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sweepgd.core.errors import UsageError, nearest
from sweepgd.core.setting import Setting, resolve

# The prefix of a message for a value that was lost by a time limit, a crash or an error, and can be measured later. Other
# messages give a permanent reason.
UNMEASURED = "not measured: "

# The value of the setting "mode" of a measure whose model has dropout or batch normalization, and what it means.
EVALUATION_MODE = "evaluation"
MODE_IN_WORDS = "measured in evaluation mode: without dropout, and batch normalization uses its running statistics"


@dataclass(frozen=True)
class Measure:
    """A measure that `[measure]` may list.

    `records(settings)` returns the names of the recorded values, which are `name`, or `name_…` for variants. `invariant` is
    True if the measure does not change when layers of a ReLU network are rescaled without a change of the outputs (Dinh et al.
    2017). `products` is True if the measure multiplies vectors by the Hessian, at least for the starts of its ascents, and
    `second_moments` is True if the measure needs the squared gradient of each row.
    """

    name: str
    description: str
    source: str
    invariant: bool
    settings: tuple[Setting, ...] = ()
    records: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    products: bool = True
    second_moments: bool = False


def _eigenvalues(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return ("lambda_max", *(f"lambda_max_{i}" for i in range(2, settings["k"] + 1)))


def _boxes(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{space}_{epsilon:g}" for space in ("phi", "phi_subspace") for epsilon in settings["epsilon"])


_TOLERANCE = Setting("tolerance", 0.05, "relative standard error at which the estimate is precise enough", minimum=0.0)
_DRAWS = Setting("draws", 200, "maximum number of random vectors", minimum=2)
# The best of few starts was compared with the best of about 450 starts, for 114 networks on moons, wine, breast cancer and
# digits (8 to 64 hidden units, ReLU and tanh). One ascent along the gradient was more than 1 % lower in 66 % of the networks
# for asam_max (in the worst case, 0.07 of the best), in 26 % for sam_max, in 13 % for φ and in 42 % for φ in a subspace. The
# best of 24 starts was more than 1 % lower in 1 %, 2 %, 3 % and 4 % of the networks, and the best of 12 starts in twice as many
# networks.
_STARTS = Setting(
    "starts",
    24,
    "number of ascents: one along the gradient, about two thirds along leading eigenvectors (both signs), the others random",
    minimum=1,
)

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "lambda_max",
            "largest eigenvalue of the loss' Hessian; gradient descent is stable if this eigenvalue is below 2/learning rate",
            "Lanczos 1950; Cohen et al. 2021",
            invariant=False,
            settings=(
                Setting("k", 1, "number of largest eigenvalues", minimum=1),
                Setting("tolerance", 1e-4, "largest allowed relative residual ‖Hv − λv‖/λ", minimum=0.0),
            ),
            records=_eigenvalues,
        ),
        Measure(
            "gauss_newton_max",
            "largest eigenvalue of the Gauss-Newton matrix: the Hessian without the second derivatives of the network",
            "Schraudolph 2002",
            invariant=False,
            settings=(Setting("tolerance", 1e-4, "largest allowed relative residual ‖Gv − λv‖/λ", minimum=0.0),),
        ),
        Measure(
            "trace",
            "sum of the eigenvalues of the Hessian: curvature over all directions",
            "Hutchinson 1989",
            invariant=False,
            settings=(_TOLERANCE, _DRAWS),
        ),
        Measure(
            "spectral_density",
            "distribution of the eigenvalues of the Hessian; the value is their mean",
            "Ghorbani, Krishnan & Xiao 2019, algorithm 1",
            invariant=False,
            settings=(
                Setting("steps", 64, "Lanczos steps for each random vector", minimum=2),
                Setting("draws", 8, "random vectors for the density", minimum=2),
                Setting("mean_draws", 64, "random vectors for the mean", minimum=2),
            ),
        ),
        Measure(
            "phi",
            "largest rise of the loss in a small box around the minimiser, in per cent; also in a random subspace",
            "Keskar et al. 2017, metric 2.1",
            invariant=False,
            settings=(
                Setting("epsilon", (1e-3, 5e-4), "half-width of the box, relative to |x| + 1", minimum=1e-12),
                Setting("dimensions", 100, "number of dimensions of the random subspace", minimum=1),
                _STARTS,
                Setting("iterations", 10, "iterations of each ascent, and of L-BFGS-B from the best ascent", minimum=1),
            ),
            records=_boxes,
        ),
        Measure(
            "sam",
            "rise of the loss in a ball around the minimiser: after one step along the gradient, and at the maximum",
            "Foret et al. 2021, eq. 1 and 2",
            invariant=False,
            settings=(
                Setting("rho", 0.05, "radius of the ball", minimum=1e-12),
                _STARTS,
                Setting(
                    "iterations",
                    20,
                    "iterations of each projected ascent, and of the continuation of the best ascent",
                    minimum=1,
                ),
            ),
            records=lambda settings: ("sam_step", "sam_max"),
        ),
        Measure(
            "asam",
            "adaptive sharpness: like sam, but in an ellipsoid that is scaled by the absolute parameters |w|",
            "Kwon et al. 2021",
            invariant=True,
            settings=(
                Setting("rho", 0.5, "radius of the ball, relative to |w|", minimum=1e-12),
                _STARTS,
                Setting(
                    "iterations",
                    20,
                    "iterations of each projected ascent, and of the continuation of the best ascent",
                    minimum=1,
                ),
            ),
            records=lambda settings: ("asam_step", "asam_max"),
        ),
        Measure(
            "relative_flatness",
            "trace of the last layer's Hessian, weighted by products of the layer's weights",
            "Petzka et al. 2021, definition 3",
            invariant=True,
            settings=(_TOLERANCE, _DRAWS),
        ),
        Measure(
            "fisher_trace",
            "mean squared gradient norm of a row: over targets drawn from the model, and over the given targets (empirical)",
            "Jastrzębski et al. 2021",
            invariant=False,
            records=lambda settings: ("fisher_trace", "fisher_trace_empirical"),
            products=False,
            second_moments=True,
        ),
        Measure(
            "noise_scale",
            "batch size at which gradient noise equals the gradient, trΣ/|G|²: exact, and estimated from two batch sizes",
            "McCandlish et al. 2018, eq. 2.9 and appendix A.1",
            invariant=False,
            settings=(
                Setting("small", 32, "rows of the small batch", minimum=1),
                Setting("times", 8, "number of small batches in a large batch", minimum=2),
                Setting("draws", 200, "number of large batches", minimum=2),
            ),
            records=lambda settings: ("noise_scale", "noise_scale_two_batch"),
            products=False,
            second_moments=True,
        ),
        Measure(
            "distance",
            "distance of the parameters from their initial values, ‖w − w₀‖",
            "Nagarajan & Kolter 2019",
            invariant=False,
            products=False,
        ),
        Measure(
            "weight_norm",
            "norm of the parameters, ‖w‖",
            "Neyshabur et al. 2017",
            invariant=False,
            products=False,
        ),
        Measure(
            "weight_norm_log_product",
            "logarithm of the product of all layer norms, Σ ln ‖W‖",
            "Neyshabur et al. 2017",
            invariant=True,
            products=False,
        ),
    )
}


def measure_of(record: str) -> Measure:
    """Return the measure to which a recorded name belongs. For example, "phi_subspace_0.001" belongs to phi. Raise UsageError
    if the name is unknown.
    """
    known = [measure for measure in MEASURES.values() if record == measure.name or record.startswith(f"{measure.name}_")]
    if not known:
        raise UsageError(f"unknown measure {record!r}: {nearest(record, MEASURES)}")
    return max(known, key=lambda measure: len(measure.name))


def records_of(name: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the recorded values of a measure in order. `settings` are all settings of the measure."""
    records = MEASURES[name].records
    return (name,) if records is None else records(settings)


def settings_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings of a measure. Settings that are not given have their defaults. Raise UsageError for unknown names and
    invalid values.
    """
    if name not in MEASURES:
        parent = next((one for one in MEASURES if name in records_of(one, settings_of(one, {}))), None)
        hint = f"this name is a value of the measure {parent}: give {parent}" if parent else nearest(name, MEASURES)
        raise UsageError(f"unknown measure {name!r}: {hint}")
    settings = resolve(MEASURES[name].settings, given, f"measure.settings.{name}")
    empty = [key for key, value in settings.items() if value == ()]
    if empty:
        raise UsageError(f"measure.settings.{name}.{empty[0]} = []: give at least one number")
    return settings
