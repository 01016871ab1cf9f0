"""The objects that all trials of a sweep share in one process: the prepared data, the model built for the data, and the
compiled kernels.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.data import Data
from sweepgd.data.class_weights import row_weights
from sweepgd.kernels import signatures
from sweepgd.models import Architecture, Model, build
from sweepgd.plugins import registry
from sweepgd.sweep import Sweep
from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.points import optimizer_of
from sweepgd.sweep.setting_axes import Choice, choices, chosen, in_words
from sweepgd.training import StartEvaluation, Training, initial_parameters
from sweepgd.training.data_shape import augmentation_of, shape_of
from sweepgd.training.needed_kernels import LOOPS, kernels_of
from sweepgd.training.objectives import objectives_of
from sweepgd.training.prepared_data import PreparedData, digest_of, leave
from sweepgd.training.resolved_sweep import resolved

if TYPE_CHECKING:
    from sweepgd.curvature.measurer import Measurer

# The number of replicates whose data are cached, if the sweep draws new data for each replicate.
CACHED_REPLICATES = 64
# The number of cached contexts with other settings of model or data. A context takes 1 ms to make if its data are cached.
CACHED_CONTEXTS = 64


@contextmanager
def _naming(choice: Choice | None) -> Iterator[None]:
    """Put the settings of model and data, if given, before the message of an error that is raised within the context."""
    try:
        yield
    except SweepgdError as error:
        if choice is None:
            raise
        named, text = in_words(choice), str(error)
        setting, _, rest = text.partition(": ")  # a message may begin with one of the settings itself
        raise type(error)(f"{named}: {rest if ' = ' in setting and setting in named else text}") from error


class SweepContext:
    """The shared context of a sweep's trials. Raises SweepgdError if the data or the model is unavailable or invalid.

    If `[space]` varies settings of the model or the data, `of` returns the context for the settings of a configuration. The
    context on which `of` is called has the first value of each setting.
    """

    def __init__(self, sweep: Sweep, shared: Path | None = None, data: PreparedData | None = None, settings: str = "") -> None:
        """`shared` is a folder where another process has saved the data with `share`. `data` holds data that are already
        prepared. `settings` describes the settings of model and data that `of` has chosen.
        """
        self.settings = settings
        self._prepared = data or PreparedData(shared)
        first = next(choices(sweep), None)
        self._first = sweep if first is None else chosen(sweep, first)
        self._data_digest = digest_of(self._first.data)
        # Each instance has its own caches. Caches of the class would keep every instance and its data in memory.
        self._preprocessing = lru_cache(CACHED_REPLICATES)(lambda seed: json.dumps(self._data_of(seed).processing))
        self._measurer = lru_cache(CACHED_REPLICATES)(self._measurer_of)
        self._weights = lru_cache(CACHED_REPLICATES)(lambda seed: row_weights(self._first.data, self._data_of(seed)))
        self._start_evaluation = lru_cache(CACHED_REPLICATES)(lambda replicate: StartEvaluation())
        self._contexts = lru_cache(CACHED_CONTEXTS)(self._context_of)
        self.sweep = sweep
        with _naming(first):
            self.objectives = objectives_of(sweep, self.data(0))
            self._weights(self.data_seed(0))  # raises an error if a weighted class is missing in the data
        self.sweep = resolved(sweep, self.objectives, self.data(0).fingerprint)
        self._first = self.sweep if first is None else resolved(self._first, self.objectives, self.data(0).fingerprint)

    def of(self, configuration: Configuration) -> "SweepContext":
        """Return the context with the settings of model and data of a configuration."""
        if not (configuration.model or configuration.data):
            return self
        return self._contexts(json.dumps([configuration.model, configuration.data], sort_keys=True))

    def _context_of(self, settings: str) -> "SweepContext":
        choice = Choice(*json.loads(settings))
        with _naming(choice):
            return SweepContext(chosen(self.sweep, choice), data=self._prepared, settings=in_words(choice))

    @cached_property
    def variants(self) -> list["SweepContext"]:
        """The contexts of all combinations of settings of model and data, or only this context if no setting varies."""
        found = [self.of(Configuration(model=dict(choice.model), data=dict(choice.data))) for choice in choices(self.sweep)]
        return found or [self]

    def data_seed(self, replicate: int) -> int:
        """Return the seed of a replicate's data. All replicates have the same seed, unless `data.redraw` is set."""
        return self.sweep.data.seed + (replicate if self.sweep.data.redraw else 0)

    def data(self, replicate: int) -> Data:
        """Return the prepared data of a replicate."""
        return self._data_of(self.data_seed(replicate))

    def _data_of(self, seed: int) -> Data:
        model: Model = registry.get("models", self._first.model.name)
        return self._prepared.get(
            self._data_digest, self._first.data, seed=seed, dtype=self._first.model.dtype, reads_bytes=model.reads_bytes
        )

    def share(self, folder: Path) -> Path | None:
        """Save the data of all `variants` in a folder for other processes, and return the folder. If each replicate draws
        new data, save nothing and return None.

        Raises SweepgdError if the folder cannot be written, for example on a full disk.
        """
        if self.sweep.data.redraw:
            return None
        try:
            for variant in self.variants:
                leave(variant._data_digest, variant.data(0), folder)
        except OSError as error:
            raise SweepgdError(
                f"cannot write the data for the workers to {folder}: {error.strerror}; set TMPDIR to a larger disk"
            ) from error
        return folder

    @cached_property
    def described(self) -> dict[str, str]:
        """The entries of the column `settings` that all rows have in common, by key, as JSON."""
        described = self._first.model_dump(mode="json", include={"data", "model", "budget"}, exclude_none=True)
        if classes := self.data(0).classes:
            described["classes"] = list(classes)
        if image := self.data(0).image:
            described["image"] = list(image)
        return {key: json.dumps(value, sort_keys=True) for key, value in described.items()}

    def preprocessing(self, replicate: int) -> str:
        """Return the preprocessing of a replicate's data, with the names of its inputs and classes, as JSON."""
        return self._preprocessing(self.data_seed(replicate))

    @cached_property
    def architecture(self) -> Architecture:
        """The model, built for the data."""
        data = self.data(0)
        augment = augmentation_of(self._first.data.augment, data, registry.get("models", self.sweep.model.name))
        return build(self.sweep.model.name, self._first.model.model_extra or {}, shape_of(data, augment))

    def seed(self, replicate: int) -> int:
        """Return the seed of a replicate, which is the same for every configuration."""
        return self.sweep.search.seed + replicate

    def initial(self, replicate: int) -> npt.NDArray[np.floating]:
        """Return the initial parameters of a replicate, (parameters,), in the model's dtype."""
        return initial_parameters(self.architecture, self.seed(replicate)).astype(self.sweep.model.dtype)

    @property
    def measure(self) -> MeasureSpec:
        """The sweep's `[measure]` table. The sweep must have this table."""
        assert self.sweep.measure is not None
        return self.sweep.measure

    def measurer(self, replicate: int) -> "Measurer":
        """Return the measurer for a replicate's minimisers. The sweep must have a `[measure]` table."""
        return self._measurer(self.data_seed(replicate))

    def _measurer_of(self, data_seed: int) -> "Measurer":
        # imported late, because importing SciPy's solvers takes 0.3 s and few sweeps measure
        from sweepgd.curvature.measurer import Measurer

        return Measurer(self.architecture, self._data_of(data_seed), self.measure)

    def training(
        self, configuration: Configuration, replicate: int, rungs: Sequence[int] = (), deadline: float = inf
    ) -> Training:
        """Return a run that has not begun. `deadline` is a time of the monotonic clock at which the run is timed out."""
        return Training(
            configuration,
            self.data(replicate),
            self.architecture,
            self.sweep.budget,
            seed=self.seed(replicate),
            dtype=self.sweep.model.dtype,
            shuffle=self._first.data.shuffle,
            last_batch=self._first.data.last_batch,
            weights=self._weights(self.data_seed(replicate)),
            gradient_norm=self.sweep.record.gradient_norm,
            start_evaluation=self._start_evaluation(replicate),
            rungs=rungs,
            deadline=deadline,
        )

    def compile(self, optimizers: Iterable[str], note: Callable[[str], None]) -> None:
        """Compile all kernels that runs of these optimizers need, or load kernels from the cache of an earlier process.

        `note` receives a line if kernels have to be compiled. Raises a SweepgdError that names the plugin if a kernel of a
        plugin does not compile.
        """
        dtype: str = self.sweep.model.dtype
        loops = {signatures.variant(dtype, variant.data(0).train.inputs.dtype) for variant in self.variants}
        common = [(kind, function, loop) for loop in sorted(loops) for kind, function in LOOPS.items()]
        of_models = [
            kernel
            for variant in self.variants
            for kernel in kernels_of(variant.architecture, dtype, variant.data(0).train.inputs.dtype, self.sweep.measure)
        ]
        plugins = {("models", self.sweep.model.name): list(dict.fromkeys(of_models))}
        for name in optimizers:
            plugins["optimizers", name] = [(kind, function, dtype) for kind, function in optimizer_of(name).functions.items()]
        needed = [*common, *(kernel for kernels in plugins.values() for kernel in kernels)]
        missing = sum(not signatures.is_compiled(*kernel) for kernel in needed)
        if missing:
            count = "1 kernel" if missing == 1 else f"{missing} kernels"
            note(f"compiling {count}; this happens once on this machine and takes up to two minutes …")
        for kernel in common:
            signatures.compiled(*kernel)
        for plugin, kernels in plugins.items():
            with registry.plugin_errors(*plugin):
                for kernel in kernels:
                    signatures.compiled(*kernel)
