"""Clusters and executors that cannot run a search: one line, an exit code, and no trial."""

import shutil
import socket
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from commands import call, completed
from dask_cluster import DaskCluster
from distributions import distribution, environment
from linear_sweep import sweep_file

from sweepgd import load
from sweepgd.core.errors import installing
from sweepgd.execution import clusters, queues

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

TLS_HINT = "; for a scheduler with TLS, give tls://… and set its keys in Dask's configuration\n"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.5)


def refused(monkeypatch, capsys, tmp_path, on):
    """Return the exit code and stderr of a search on a cluster that does not run it."""
    called = call(monkeypatch, capsys, "search", sweep_file(tmp_path), "--out", str(tmp_path / "out"), "--on", on)
    assert called.out == ""
    return called.code, called.err


def test_an_address_where_nobody_listens(impatient, monkeypatch, capsys, tmp_path):
    code, err = refused(monkeypatch, capsys, tmp_path, "tcp://127.0.0.1:1")
    why = "nothing listens there (Connection refused): is the scheduler running?"
    assert (code, err) == (1, f"sweepgd: --on tcp://127.0.0.1:1: {why}\n")


def test_a_host_that_drops_what_is_sent_to_it(impatient, monkeypatch, capsys, tmp_path):
    """A socket that accepts nothing: what is more than its backlog is dropped, as by a firewall."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for each in (first, second):
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        code, err = refused(monkeypatch, capsys, tmp_path, f"tcp://127.0.0.1:{port}")
    why = f"no answer from 127.0.0.1 within 0.5 s: check the address, and whether a firewall lets port {port} through"
    assert (code, err) == (1, f"sweepgd: --on tcp://127.0.0.1:{port}: {why}\n")


def test_a_host_name_that_is_unknown(monkeypatch, capsys, tmp_path):
    def unknown(*_):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(clusters, "create_connection", unknown)
    code, err = refused(monkeypatch, capsys, tmp_path, "tcp://nowhere:8786")
    why = "the host name 'nowhere' is unknown (Name or service not known)"
    assert (code, err) == (1, f"sweepgd: --on tcp://nowhere:8786: {why}\n")


def test_the_address_is_checked_before_the_sweep_is_prepared(impatient, monkeypatch, capsys, tmp_path):
    module = import_module("sweepgd.study.search")
    monkeypatch.setattr(module, "prepare", lambda sweep: pytest.fail("prepared first"))
    code, err = refused(monkeypatch, capsys, tmp_path, "tcp://127.0.0.1:1")
    assert (code, err.count("\n")) == (1, 1)


def test_an_address_where_something_else_listens(impatient, monkeypatch, capsys, tmp_path):
    """It accepts a connection, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        on = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        code, err = refused(monkeypatch, capsys, tmp_path, on)
    why = "TimeoutError: the program that listens there does not respond like Dask"
    assert (code, err) == (1, f"sweepgd: no Dask scheduler answers at {on}: {why}\n")


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("tcp://127.0.0.1", "missing port number in address '127.0.0.1'"),
        ("tcp://127.0.0.1:x", "invalid literal for int() with base 10: 'x'"),
    ],
)
def test_an_address_that_is_none(on, why, impatient, monkeypatch, capsys, tmp_path):
    code, err = refused(monkeypatch, capsys, tmp_path, on)
    assert (code, err) == (2, f"sweepgd: --on {on!r}: {why}; give an address such as tcp://host:8786\n")


@pytest.mark.parametrize(
    ("on", "module", "extra"), [("tcp://127.0.0.1:1", "distributed", "dask"), ("slurm", "dask_jobqueue", "jobqueue")]
)
def test_an_engine_that_is_not_installed(on, module, extra, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, module, None)
    code, err = refused(monkeypatch, capsys, tmp_path, on)
    assert (code, err) == (1, f"sweepgd: --on {on} needs {module}: {installing(extra)}\n")


def test_a_machine_that_cannot_submit_jobs(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(queues, "which", lambda command: None)
    code, err = refused(monkeypatch, capsys, tmp_path, "slurm")
    line = "--on slurm: sbatch is not on the PATH: run this command on a machine that can submit slurm jobs"
    assert (code, err) == (1, f"sweepgd: {line}\n")
    assert not (tmp_path / "out").exists()


def test_jobs_without_a_configuration_of_the_queue(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(queues, "which", lambda command: command)
    code, err = refused(monkeypatch, capsys, tmp_path, "slurm")
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(
        "sweepgd: cannot make a cluster of slurm jobs (ValueError: You must specify how much cores and memory"
    )
    assert err.endswith("): set jobqueue.slurm in ~/.config/dask/jobqueue.yaml\n")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificate")
def test_a_scheduler_that_wants_tls(impatient, monkeypatch, capsys, tmp_path):
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
        "-subj",
        "/CN=test",
    ]
    subprocess.run(made, check=True, capture_output=True)
    keys = ("--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key)
    with DaskCluster(tmp_path, scheduler_arguments=("--protocol", "tls", *keys)) as cluster:
        assert cluster.address.startswith("tls://")
        without = refused(monkeypatch, capsys, tmp_path, cluster.address)
        plain = cluster.address.replace("tls://", "tcp://")
        unprotected = refused(monkeypatch, capsys, tmp_path, plain)
    for code, err in (without, unprotected):
        assert (code, err.count("\n")) == (1, 1)
        assert err.endswith(TLS_HINT)
    assert without[1].startswith(f"sweepgd: no Dask scheduler answers at {cluster.address}: TypeError: TLS expects")
    assert unprotected[1].startswith(f"sweepgd: no Dask scheduler answers at {plain}: CommClosedError: ")


# numpy of another version, as far as the check of a worker can see. Dask may run a preloaded file twice.
OTHER_NUMPY = """
from importlib.metadata import version

from sweepgd.execution import requirements

requirements.version = lambda name: "0.1" if name == "numpy" else version(name)
"""
BROKEN = """
from sweepgd.execution import requirements


def version(name):
    raise ValueError("no metadata")


requirements.version = version
"""
PLUGIN = """
from sweepgd.schedules import Schedule

import numpy as np

always = Schedule("always", lambda clock: np.ones(len(clock.updates)), (), needs_length=False, source="a test", description="1")
"""


def test_a_worker_with_other_software_and_one_without_a_plugin(tmp_path):
    (tmp_path / "other.py").write_text(OTHER_NUMPY)
    site = distribution(tmp_path / "site", "always", {"always.py": PLUGIN}, schedules={"always": "always:always"})
    path, out = sweep_file(tmp_path), tmp_path / "out"
    given = ("search", path, "--out", str(out))
    with DaskCluster(tmp_path, "--no-nanny") as cluster:
        cluster.add_worker()
        with_plugin = ("--set", 'space.schedule="always"')
        elsewhere = ("search", path, "--out", str(tmp_path / "lacks"))
        lacks = completed(*elsewhere, "--on", cluster.address, *with_plugin, env=environment(site))
        of_worker = completed(*given, "--on", cluster.address.replace(*_ports(cluster)))
        (tmp_path / "broken.py").write_text(BROKEN)
        cluster.workers.pop().kill()
        cluster.add_worker("--preload", str(tmp_path / "other.py"))
        differs = completed(*given, "--on", cluster.address)
        cluster.workers.pop().kill()
        cluster.add_worker("--preload", str(tmp_path / "broken.py"))
        broken = completed(*given, "--on", cluster.address)
    for ended, difference in (
        (differs, f"numpy is 0.1 instead of {np.__version__}"),
        (lacks, "schedule 'always' is missing instead of always 1.0, sources "),
    ):
        last = ended.stderr.splitlines()[-1]
        assert (ended.returncode, "Traceback" in ended.stderr) == (1, False), ended.stderr
        assert last.startswith("sweepgd: worker tcp://127.0.0.1:")
        assert f" has different software ({difference}" in last
        assert last.endswith("): install the driver's versions there")
    assert broken.returncode == 1
    assert broken.stderr.endswith(": its software cannot be checked (ValueError: no metadata)\n")
    assert of_worker.returncode == 1
    assert of_worker.stderr.endswith(": a Dask worker has this address: give the address of its scheduler\n")
    assert load(out).trials.num_rows == load(tmp_path / "lacks").trials.num_rows == 0


def _ports(cluster):
    """The ports of the scheduler and of its worker."""
    with distributed.Client(cluster.address, set_as_default=False) as client:
        (worker,) = client.nthreads()
    return cluster.address.rpartition(":")[2], worker.rpartition(":")[2]
