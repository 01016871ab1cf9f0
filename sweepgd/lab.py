"""What every trial of a sweep shares, made once a process: prepared data, the model built for them, compiled kernels."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sweepgd import one_off, registry
from sweepgd.configuration import Configuration
from sweepgd.data import Data
from sweepgd.data.prepared import prepared
from sweepgd.data.shared import open_saved, save
from sweepgd.data.spec import dataset_settings
from sweepgd.data.weights import row_weights
from sweepgd.kernels import loops, signatures, subnormals
from sweepgd.models import Architecture, Model, Shape, build
from sweepgd.objectives import objectives_of
from sweepgd.problem import Problem
from sweepgd.setting import resolve
from sweepgd.sweep import Sweep
from sweepgd.sweep.former import written_out
from sweepgd.sweep.points import optimizer_of
from sweepgd.sweep.spec import SAMPLER_VERSION, MeasureSpec
from sweepgd.training import Training, initial_parameters

if TYPE_CHECKING:
    from sweepgd.curvature.gauge import Gauge

# The kernels of every run, whatever its model and optimizer, by kind.
LOOPS: dict[str, Callable] = {
    "train": loops.train,
    "evaluate_parts": loops.measure,
    "probe": loops.no_probe,
    "flush": subnormals.flush,
    "restore": subnormals.restore,
}
# The kernels of a model's architecture, and of its curvature.
FIRST_ORDER, SECOND_ORDER = ("gradient", "evaluate"), ("product", "second_moments")
# Replicates whose own data are kept at once, where the sweep redraws data.
DATA_KEPT = 64


def resolved(sweep: Sweep, objectives: tuple[str, ...], fingerprint: str) -> Sweep:
    """The sweep with its objectives, every setting of its data set, model and measures, what its schedules got later, and what
    identifies a file written out.

    Raises Problem where a file, of data or of a plugin, is not the one that the sweep was once run with.
    """
    data = dataset_settings(sweep.data)
    if sweep.data.path is not None or "folder" in data:
        if sweep.data.fingerprint not in (None, fingerprint):
            where = sweep.data.path or data["folder"]
            raise Problem(f"{where} has changed since the sweep was run: remove data.fingerprint to run it anew")
        data["fingerprint"] = fingerprint
    model: Model = registry.get("models", sweep.model.name)
    settings = resolve(model.settings, sweep.model.model_extra or {}, "model")
    chosen = {"objective": objectives[0]} if len(objectives) == 1 else {"objectives": list(objectives)}
    version = {"sampler_version": sweep.search.sampler_version or SAMPLER_VERSION}
    return written_out(sweep).model_copy(
        update={
            "data": sweep.data.model_copy(update=data),
            "model": sweep.model.model_copy(update=settings),
            "search": sweep.search.model_copy(update={"objective": None, "objectives": None} | chosen | version),
            "measure": None if sweep.measure is None else sweep.measure.resolved(),
            "plugins": one_off.digests(sweep.plugins),
        }
    )


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keeps matrix products of plugin kernels to one thread: two workers with two each fight for two cores."""
    import scipy.linalg.cython_blas  # noqa: F401 - the BLAS that np.dot calls in a kernel: only what is loaded is limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


class Lab:
    """Runs configurations of one sweep. Raises Problem where data or model cannot be had, before any training."""

    def __init__(self, sweep: Sweep, shared: Path | None = None) -> None:
        """`shared` is where another process' lab has left its data by `share`."""

        def data_of(seed: int) -> Data:
            return open_saved(shared) if shared else prepared(sweep.data, seed=seed, dtype=sweep.model.dtype)

        # Caches of this lab and not of the class, which would keep every lab alive, and its data.
        self._prepare = lru_cache(DATA_KEPT)(data_of)
        self._preprocessing = lru_cache(DATA_KEPT)(lambda seed: json.dumps(self._prepare(seed).processing))
        self._gauge = lru_cache(DATA_KEPT)(self._gauge_of)
        self._weights = lru_cache(DATA_KEPT)(lambda seed: row_weights(sweep.data, self._prepare(seed)))
        self.sweep = sweep
        self.objectives = objectives_of(sweep, self.data(0))
        self._weights(self.data_seed(0))  # which raises for a class that is not there
        self.sweep = resolved(sweep, self.objectives, self.data(0).fingerprint)

    def data_seed(self, replicate: int) -> int:
        """The seed of a replicate's data: one for all, or with `data.redraw` one each."""
        return self.sweep.data.seed + (replicate if self.sweep.data.redraw else 0)

    def data(self, replicate: int) -> Data:
        return self._prepare(self.data_seed(replicate))

    def share(self, folder: Path) -> Path | None:
        """Leaves the data in a folder for other processes; None where each replicate has its own, drawn where it runs.

        Raises Problem where there is no room for them.
        """
        if self.sweep.data.redraw:
            return None
        try:
            save(self.data(0), folder)
        except OSError as error:
            raise Problem(
                f"cannot write the data for the workers to {folder}: {error.strerror}; set TMPDIR to a larger disk"
            ) from error
        return folder

    @cached_property
    def described(self) -> dict[str, str]:
        """What the `settings` of every row say of the sweep, by key, as JSON."""
        described = self.sweep.model_dump(mode="json", include={"data", "model", "budget"}, exclude_none=True)
        if classes := self.data(0).classes:
            described["classes"] = list(classes)
        return {key: json.dumps(value, sort_keys=True) for key, value in described.items()}

    def preprocessing(self, replicate: int) -> str:
        """What was done to a replicate's data, with the names of its inputs and classes, as JSON."""
        return self._preprocessing(self.data_seed(replicate))

    @cached_property
    def architecture(self) -> Architecture:
        data = self.data(0)
        shape = Shape(data.task, data.train.inputs.shape[1], data.train.targets.shape[1], len(data.classes))
        return build(self.sweep.model.name, self.sweep.model.model_extra or {}, shape)

    def seed(self, replicate: int) -> int:
        """The seed of a replicate: the same for every configuration, so that they differ in nothing else."""
        return self.sweep.search.seed + replicate

    def initial(self, replicate: int) -> npt.NDArray[np.floating]:
        """The parameters that a replicate's training begins with, (parameters,), in its dtype."""
        return initial_parameters(self.architecture, self.seed(replicate)).astype(self.sweep.model.dtype)

    @property
    def measure(self) -> MeasureSpec:
        """What is measured, for a sweep that has `[measure]`."""
        assert self.sweep.measure is not None
        return self.sweep.measure

    def gauge(self, replicate: int) -> "Gauge":
        """What measures the minimisers of a replicate, for a sweep that has `[measure]`."""
        return self._gauge(self.data_seed(replicate))

    def _gauge_of(self, data_seed: int) -> "Gauge":
        from sweepgd.curvature.gauge import Gauge  # imports SciPy's solvers, which takes 0.3 s, and few sweeps measure

        return Gauge(self.architecture, self._prepare(data_seed), self.measure)

    def training(
        self, configuration: Configuration, replicate: int, rungs: Sequence[int] = (), deadline: float = inf
    ) -> Training:
        """Return a run that has not begun; at `deadline`, by the monotonic clock, it is timed out."""
        return Training(
            configuration,
            self.data(replicate),
            self.architecture,
            self.sweep.budget,
            seed=self.seed(replicate),
            dtype=self.sweep.model.dtype,
            shuffle=self.sweep.data.shuffle,
            last_batch=self.sweep.data.last_batch,
            weights=self._weights(self.data_seed(replicate)),
            rungs=rungs,
            deadline=deadline,
        )

    def compile(self, optimizers: Iterable[str], note: Callable[[str], None]) -> None:
        """Compiles every kernel that these optimizers need, or loads them from the cache of an earlier process.

        `note` is told before a wait of seconds begins. Raises Problem with the plugin's name where one does not compile.
        """
        dtype: str = self.sweep.model.dtype
        common = [(kind, function, dtype) for kind, function in LOOPS.items()]
        plugins = {("models", self.sweep.model.name): self._model_kernels()}
        for name in optimizers:
            plugins["optimizers", name] = [(kind, function, dtype) for kind, function in optimizer_of(name).functions.items()]
        wanted = [*common, *(kernel for kernels in plugins.values() for kernel in kernels)]
        cold = sum(not signatures.is_compiled(*kernel) for kernel in wanted)
        if cold:
            what = "1 kernel" if cold == 1 else f"{cold} kernels"
            note(f"compiling {what}, which takes up to a minute, once on this machine …")
        for kernel in common:
            signatures.compiled(*kernel)
        for plugin, its in plugins.items():
            with registry.blamed(*plugin):
                for kernel in its:
                    signatures.compiled(*kernel)

    def _model_kernels(self) -> list[tuple[str, Callable, str]]:
        """The model's kernels, each with its kind and dtype: those of training, and those that its measures run."""
        model, dtype = self.architecture, self.sweep.model.dtype
        kernels: list[tuple[str, Callable | None, str]] = [(kind, getattr(model, kind), dtype) for kind in FIRST_ORDER]
        if self.sweep.measure is not None:
            second, measured = model.curvature, self.measure.dtype or dtype
            if second is None:
                measured = "float64"  # as `sweepgd.curvature.objective` takes differences of gradients
            else:
                kernels += [(kind, getattr(second, kind), measured) for kind in SECOND_ORDER]
            if measured != dtype:
                kernels += [(kind, getattr(model, kind), measured) for kind in FIRST_ORDER]
        return [(kind, function, its) for kind, function, its in kernels if function is not None]
