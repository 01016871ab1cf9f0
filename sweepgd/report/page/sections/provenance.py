"""The sweep file, the versions of software and the machines of a study."""

from collections import Counter

from sweepgd.record import Results
from sweepgd.report.page.escaping import text
from sweepgd.report.page.section import Section, table_html

# A sweep file with thousands of given points would make the page slow, and nobody reads them.
LONGEST_FILE = 100_000


def sweep_section(results: Results) -> Section:
    """Return the sweep file as it was run, with every default."""
    written = results.sweep_toml
    shown = written[:LONGEST_FILE]
    more = "" if shown == written else f'<p class="legend">{len(written) - len(shown):,} more characters in sweep.toml</p>'
    file = f'<div class="scroll" tabindex="0" role="region" aria-label="Text of the sweep file"><pre>{text(shown)}</pre></div>'
    body = f"<details><summary>sweep.toml, as it was run</summary>{file}{more}</details>"
    return Section("sweep", "The sweep file", body)


def provenance_section(results: Results) -> Section:
    """Return the versions of software and of the record, and the machines with their numbers of runs."""
    versions = results.versions()
    rows = [f'<tr><th scope="row">{text(name)}</th><td>{text(", ".join(found))}</td></tr>' for name, found in versions.items()]
    columns = results.trials.select(["worker", "processor", "vector_bits"]).to_pylist()
    machines = Counter(
        (_host(row["worker"]) or "not recorded", row["processor"] or "", row["vector_bits"] or "") for row in columns
    )
    names = ("machine", "processor", "vector bits", "runs")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    cells = [(*machine, count) for machine, count in sorted(machines.items(), key=str)]
    body = ["<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in cells]
    software = table_html('<th scope="col">software</th><th scope="col">version</th>', rows, "Versions of software")
    shown = (software if rows else "") + (table_html(head, body, "Machines") if cells else "")
    return Section("versions", "Versions and machines", shown or "<p>Nothing is recorded yet.</p>")


def _host(worker: str | None) -> str:
    """Return the machine of a worker. A worker's name is the name of its machine, followed by the number of its process."""
    return (worker or "").rpartition(":")[0] or worker or ""
