"""Ctrl-C during `sweepgd search`: what has finished is kept, and there is no traceback."""

import os
import pty
import signal
import subprocess

import pyarrow.parquet as pq
from commands import process, running, wait_for_rows
from linear_sweep import LINEAR, sweep_file
from terminal import read_all

import sweepgd
from sweepgd import load


def test_ctrl_c_keeps_what_finished_and_exits_with_130(tmp_path):
    path = sweep_file(tmp_path, LINEAR.replace("epochs = 2", "epochs = 1000"))
    given = ("search", path, "--out", str(tmp_path / "out"), "--workers", "2")
    with running(*given, "--trials", "40", start_new_session=True) as search:
        wait_for_rows(tmp_path / "out", 2, search)
        os.killpg(search.pid, signal.SIGINT)
        out, err = search.communicate()
    assert search.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"sweepgd: interrupted; finished trials are in {tmp_path / 'out'}: run the same command to continue"
    )
    assert out == ""
    rows = load(tmp_path / "out").trials.num_rows
    assert 2 <= rows < 40
    (part,) = (tmp_path / "out" / "trials").glob("*.parquet")
    assert pq.read_metadata(part).num_rows == rows
    assert [path.stem for path in (tmp_path / "out" / "log").glob("*.log")] == [part.stem]  # which it can be made again from
    assert sweepgd.search(path, out=tmp_path / "out", overrides=[f"search.trials={rows + 2}"]).trials.num_rows == rows + 2


def test_ctrl_c_while_a_search_prepares_is_one_line(tmp_path):
    """A terminal sends it to every process, also to the one that is getting ready to fork workers."""
    master, slave = pty.openpty()
    endless = LINEAR.replace("epochs = 2", "epochs = 6000").replace("trials = 6", "trials = 10_000")
    command = process("search", sweep_file(tmp_path, endless), "--out", str(tmp_path / "out"))
    with subprocess.Popen(command, stdout=slave, stderr=slave, start_new_session=True) as search:
        os.close(slave)
        said = b""
        while b"preparing" not in said:
            said += os.read(master, 65536)
        os.killpg(search.pid, signal.SIGINT)
        rest = read_all(master)
    assert search.returncode == 130
    assert "sweepgd: interrupted" in rest
    assert "Traceback" not in rest
