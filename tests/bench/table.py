"""Measurements as Markdown tables, for a terminal and for the README, and as Parquet."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

from .bound import Core
from .finding import Finding
from .kernels import Row
from .peers import OURS, PEERS
from .rounds import Spread
from .work import load


def steps(rows: Sequence[Row]) -> Table:
    """One work's cases: µs a step (and trial), and each peer's ratio to ours with its quartiles."""
    name = rows[0].case.work
    note = load(name).note
    table = Table(title=f"{name}, µs a step{f' ({note})' if note else ''}", box=box.MARKDOWN, title_justify="left")
    table.add_column("optimizer")
    headers = ["B", "bound", OURS, "of bound"]
    for entry in PEERS[1:]:
        headers += [entry.label, "× ours"]
    for header in headers:
        table.add_column(header, justify="right", no_wrap=True)
    for row in rows:
        share = f"{number(100 * row.share)} %" if row.share is not None else "failed"
        cells = [row.case.optimizer, str(row.case.batch), f"{number(row.bound.micros)} {row.bound.by}", step(row, OURS), share]
        for entry in PEERS[1:]:
            cells += ["missing", ""] if entry.missing else [step(row, entry.module), ratio(row, entry.module)]
        table.add_row(*cells)
    return table


def step(row: Row, module: str) -> str:
    timing = row.timings.get(module)
    if timing is None:
        return "–"
    return number(timing.step.median) if timing.step else "failed"


def ratio(row: Row, module: str) -> str:
    timing = row.timings.get(module)
    spread: Spread | None = timing.ratio(row.ours) if timing else None
    return f"{number(spread.median)} ({number(spread.low)}–{number(spread.high)})" if spread else ""


def number(value: float) -> str:
    """Three significant digits without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1e}"


def findings(found: Iterable[Finding]) -> Table:
    """Every figure beside its target."""
    table = Table(title="Targets", box=box.MARKDOWN, title_justify="left")
    for header in ("what", "measured", "target", "", "note"):
        table.add_column(header, justify="right" if header in ("measured", "target") else "left")
    for finding in found:
        measured = "–" if finding.value is None else f"{number(finding.value)} {finding.unit}"
        table.add_row(finding.what, measured, finding.target, finding.verdict, finding.note)
    return table


def disturbance(rows: Iterable[Row]) -> str:
    """A warning where other processes had the core for a good part of the time."""
    shares = [timing.core_share for row in rows for timing in row.timings.values() if timing.samples]
    if not shares or (usual := median(shares)) > 0.97:
        return ""
    return f"Other processes were running: the samples had their core for {100 * usual:.0f} % of the time. Ratios suffer too."


def core_line(core: Core) -> str:
    levels = ", ".join(f"{name} {bandwidth / 1e9:.0f} GB/s" for name, bandwidth in core.bandwidths.items())
    return f"One core: sgemm {core.peak / 1e9:.0f} GFLOP/s; {levels}"


def missing() -> list[str]:
    """A line for each package that is not there."""
    absent = {entry.package: entry for entry in PEERS if entry.missing}
    return [f"missing: {entry.label} ({package}); to have it measured: {entry.install}" for package, entry in absent.items()]


def write(records: Sequence[dict[str, Any]], path: Path, metadata: dict[str, str]) -> None:
    """Writes records to Parquet, with the machine and versions in its footer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if records:
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(list(records))
        pq.write_table(table.replace_schema_metadata(metadata), path)
