"""The measures of sharpness and flatness by name: what each tells, its paper, its settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sweepgd.problem import UsageProblem, nearest
from sweepgd.setting import Setting, resolve

# Begins the message of a value that may be had another time: it was lost to a time limit, a crash or an error. Other messages
# say what keeps a value away for good.
UNMEASURED = "not measured: "


@dataclass(frozen=True)
class Measure:
    """What `[measure]` names. `records` gives, from its settings, the names of the rows that it is recorded as: `name`, or
    `name_…` for a variant.

    `invariant` says whether rescaling a ReLU network's layers, which leaves its outputs alone, leaves the measure alone
    (Dinh et al. 2017).
    """

    name: str
    description: str
    source: str
    invariant: bool
    settings: tuple[Setting, ...] = ()
    records: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None


def _eigenvalues(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return ("lambda_max", *(f"lambda_max_{i}" for i in range(2, settings["k"] + 1)))


def _boxes(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{space}_{epsilon:g}" for space in ("phi", "phi_subspace") for epsilon in settings["epsilon"])


_TOLERANCE = Setting("tolerance", 0.05, "standard error to stop at, as a share of the estimate", minimum=0.0)
_DRAWS = Setting("draws", 200, "random vectors at most", minimum=2)
# Of 114 networks on moons, wine, breast cancer and digits (8 to 64 hidden units, rectified and tanh), one ascent along the
# gradient left asam_max more than 1 % below the best of some 450 starts in 66 %, down to 0.07 of it, sam_max in 26 %, φ in 13 %
# and φ in a subspace in 42 %; 24 ascents in 1 %, 2 %, 3 % and 4 %; 12 in twice as many.
_STARTS = Setting("starts", 24, "ascents: uphill, along leading eigenvectors (a third as many) both ways, random", minimum=1)

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "lambda_max",
            "largest eigenvalue of the loss' Hessian: in the sharpest direction; gradient descent is stable below 2/rate",
            "Lanczos 1950; Cohen et al. 2021",
            invariant=False,
            settings=(
                Setting("k", 1, "how many of the largest eigenvalues", minimum=1),
                Setting("tolerance", 1e-4, "residual ‖Hv − λv‖ to stop at, as a share of λ", minimum=0.0),
            ),
            records=_eigenvalues,
        ),
        Measure(
            "gauss_newton_max",
            "largest eigenvalue of the Gauss-Newton matrix: the Hessian without the curvature of the network's own outputs",
            "Schraudolph 2002",
            invariant=False,
            settings=(Setting("tolerance", 1e-4, "residual ‖Gv − λv‖ to stop at, as a share of λ", minimum=0.0),),
        ),
        Measure(
            "trace",
            "sum of the Hessian's eigenvalues: curvature over all directions",
            "Hutchinson 1989",
            invariant=False,
            settings=(_TOLERANCE, _DRAWS),
        ),
        Measure(
            "spectral_density",
            "how the Hessian's eigenvalues are distributed; its value is their mean",
            "Ghorbani, Krishnan & Xiao 2019, algorithm 1",
            invariant=False,
            settings=(
                Setting("steps", 64, "Lanczos steps a random vector", minimum=2),
                Setting("draws", 8, "random vectors of the density", minimum=2),
                Setting("mean_draws", 64, "random vectors of the mean", minimum=2),
            ),
        ),
        Measure(
            "phi",
            "largest rise of the loss in a small box around the minimiser, in per cent, and in a random subspace",
            "Keskar et al. 2017, metric 2.1",
            invariant=False,
            settings=(
                Setting("epsilon", (1e-3, 5e-4), "half-width of the box, relative to |x| + 1", minimum=1e-12),
                Setting("dimensions", 100, "of the random subspace", minimum=1),
                _STARTS,
                Setting("iterations", 10, "of each ascent, and of L-BFGS-B from the best", minimum=1),
            ),
            records=_boxes,
        ),
        Measure(
            "sam",
            "rise of the loss in a ball around the minimiser: by one step along the gradient, and maximised",
            "Foret et al. 2021, eq. 1 and 2",
            invariant=False,
            settings=(
                Setting("rho", 0.05, "radius of the ball", minimum=1e-12),
                _STARTS,
                Setting("iterations", 20, "of each projected ascent, and again of the best", minimum=1),
            ),
            records=lambda settings: ("sam_step", "sam_max"),
        ),
        Measure(
            "asam",
            "adaptive sharpness: the same in an ellipsoid scaled by each parameter, |w|",
            "Kwon et al. 2021",
            invariant=True,
            settings=(
                Setting("rho", 0.5, "radius of the ball, relative to |w|", minimum=1e-12),
                _STARTS,
                Setting("iterations", 20, "of each projected ascent, and again of the best", minimum=1),
            ),
            records=lambda settings: ("asam_step", "asam_max"),
        ),
        Measure(
            "relative_flatness",
            "the trace of the last layer's Hessian weighted by the products of its weights",
            "Petzka et al. 2021, definition 3",
            invariant=True,
            settings=(_TOLERANCE, _DRAWS),
        ),
        Measure(
            "fisher_trace",
            "mean squared norm of a row's gradient, over targets drawn from the model, and over the recorded ones (empirical)",
            "Jastrzębski et al. 2021",
            invariant=False,
            records=lambda settings: ("fisher_trace", "fisher_trace_empirical"),
        ),
        Measure(
            "noise_scale",
            "batch size at which a gradient's noise equals its signal, trΣ/|G|², exact and from two batch sizes",
            "McCandlish et al. 2018, eq. 2.9 and appendix A.1",
            invariant=False,
            settings=(
                Setting("small", 32, "rows of the small batch", minimum=1),
                Setting("times", 8, "how many times as many rows the large batch has", minimum=2),
                Setting("draws", 200, "pairs of batches", minimum=2),
            ),
            records=lambda settings: ("noise_scale", "noise_scale_two_batch"),
        ),
        Measure(
            "distance",
            "how far the parameters went from where they began, ‖w − w₀‖",
            "Nagarajan & Kolter 2019",
            invariant=False,
        ),
        Measure(
            "weight_norm",
            "size of the parameters, ‖w‖",
            "Neyshabur et al. 2017",
            invariant=False,
        ),
        Measure(
            "weight_norm_log_product",
            "logarithm of the product of the layers' norms, Σ ln ‖W‖",
            "Neyshabur et al. 2017",
            invariant=True,
        ),
    )
}


def measure_of(record: str) -> Measure:
    """The measure that a recorded name belongs to: "phi_subspace_0.001" to phi. Raises UsageProblem for an unknown one."""
    known = [measure for measure in MEASURES.values() if record == measure.name or record.startswith(f"{measure.name}_")]
    if not known:
        raise UsageProblem(f"unknown measure {record!r}: {nearest(record, MEASURES)}")
    return max(known, key=lambda measure: len(measure.name))


def records_of(name: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the rows that a measure with all its `settings` is recorded as, in their order."""
    records = MEASURES[name].records
    return (name,) if records is None else records(settings)


def settings_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a measure, as given or by default. Raises UsageProblem for unknown names and invalid values."""
    if name not in MEASURES:
        whole = next((one for one in MEASURES if name in records_of(one, settings_of(one, {}))), None)
        hint = f"it is one of the values of {whole}: give {whole}" if whole else nearest(name, MEASURES)
        raise UsageProblem(f"unknown measure {name!r}: {hint}")
    settings = resolve(MEASURES[name].settings, given, f"measure.settings.{name}")
    empty = [key for key, value in settings.items() if value == ()]
    if empty:
        raise UsageProblem(f"measure.settings.{name}.{empty[0]} = []: give at least one number")
    return settings
