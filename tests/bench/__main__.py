"""The benchmark's command line."""

import argparse
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console

from sweepgd.kernels.target import vector_bits

from . import convolutions, curvature, ending, isa, kernels, remote, startup, sweeps, table, targets
from .bound import measure_core
from .finding import Finding
from .kernels import Row
from .work import BATCHES, CASES, QUICK_CASES

PARTS = (*BATCHES, "convolutions", "curvature", "sweep", "startup", "ending", "remote")
ROUNDS, QUICK_ROUNDS = 9, 2
PACKAGES = ("sweepgd", "numba", "numpy", "scipy", "jax", "torch", "pyhessian", "scikit-learn", "optuna")
WIDTH = 200


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    # A preset core type would slow the peers that use OpenBLAS.
    os.environ.pop("OPENBLAS_CORETYPE", None)
    os.environ.update(isa.ENVIRONMENTS.get(options.isa, {}))
    console = Console(width=None if Console().width >= WIDTH else WIDTH, highlight=False)
    for line in table.missing():
        console.print(line)
    metadata = _metadata(options.isa)
    console.print(", ".join(f"{name} {text}" for name, text in metadata.items()))

    if options.quick:
        console.print("--quick shows that all parts are in order; its figures come from too little work to be judged by")

    aims = targets.TARGETS["AVX-512" if options.isa is None and vector_bits() == 512 else "AVX2"]
    rows: list[Row] = []
    found: list[Finding] = []
    works = [name for name in BATCHES if name in options.only]
    if works:
        core = measure_core()
        console.print(table.core_line(core))
        cases = [case for case in (QUICK_CASES if options.quick else CASES) if case.work in works]
        for row in kernels.measure(cases, core, options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)):
            rows.append(row)
            table.write([record for row in rows for record in row.records()], options.out / "steps.parquet", metadata)
        for name in works:
            console.print(table.steps([row for row in rows if row.case.work == name]))
        found += targets.judge(rows, aims)
        if warning := table.disturbance(rows):
            console.print(warning)
        settled = [case for case in kernels.SETTLED if case.work in works]
        if "digits" in works:
            found += kernels.measure_plugin(1 if options.quick else 9)
        found += kernels.measure_settled(settled[:1] if options.quick else settled, 1 if options.quick else 3)
    if "convolutions" in options.only:
        chosen = convolutions.CASES[:1] if options.quick else convolutions.CASES
        found += convolutions.measure(chosen, options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS))
        found += sweeps.against_optuna_on_images(sweeps.QUICK if options.quick else sweeps.Size())
    if "curvature" in options.only:
        measured = curvature.WORKS[:1] if options.quick else curvature.WORKS
        found += curvature.measure(measured, options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS), aims.lambda_max)
    if "sweep" in options.only:
        found += sweeps.measure(sweeps.QUICK if options.quick else sweeps.LONG if options.long else sweeps.Size())
    if "startup" in options.only:
        found += startup.measure(1 if options.quick else 5)
    if "ending" in options.only:
        found += ending.measure(1 if options.quick else 5)
    if "remote" in options.only:
        found += remote.measure(1 if options.quick else 3, quick=options.quick)
    console.print(table.findings(found))
    table.write([finding.record() for finding in found], options.out / "findings.parquet", metadata)
    console.print(f"Recorded in {options.out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.bench", description="Measures sweepgd and its peers, alternating, on one core."
    )
    parser.add_argument("--only", type=_parts, default=PARTS, metavar="PART,…", help=f"some of {','.join(PARTS)}")
    parser.add_argument(
        "--isa",
        choices=isa.ENVIRONMENTS,
        help="limit everyone to this instruction set, as on a processor that has no wider one",
    )
    parser.add_argument("--rounds", type=int, help=f"samples of each step ({ROUNDS}; {QUICK_ROUNDS} with --quick)")
    parser.add_argument("--quick", action="store_true", help="a small form, in a minute or two: are all parts in order?")
    parser.add_argument("--long", action="store_true", help="with the sweep of 100,000 trials")
    parser.add_argument("--out", type=Path, default=Path("results/bench"), help="where Parquet goes (results/bench)")
    return parser


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    for part in parts:
        if part not in PARTS:
            raise argparse.ArgumentTypeError(f"no part {part!r}: give some of {','.join(PARTS)}")
    return parts


def _metadata(isa: str | None) -> dict[str, str]:
    """Return the time, the processor and the versions of a measurement."""
    known = {"measured": datetime.now(UTC).isoformat(timespec="minutes"), "processor": _processor()}
    if isa is not None:
        known["instruction set"] = f"limited to {isa}"
    known["load"] = f"{os.getloadavg()[0]:.1f} before"
    for package in PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "missing"
    return known


def _processor() -> str:
    """The processor's name, which Linux tells in a file of its own."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.is_file() else []
    return names[0].partition(": ")[2] if names else platform.machine()


if __name__ == "__main__":
    main()
