"""Result directories that several commands wrote together, which earlier versions allowed with a database.

`shared/` was written by two such commands, which were killed while the database did not answer. Trials 0 to 2 are in a part.
Trials 3 to 5 and 8 to 10 are in two logs that every reader reads. Each command's own log has one more trial: 6 and 11.
"""

import errno
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from linear_sweep import assert_same, computed, sweep
from recorded import append, finished, write

from sweepgd import load, search
from sweepgd.analysis import summary
from sweepgd.record import Store, encode
from sweepgd.record.commit_results import NoProgress
from sweepgd.record.compact import compact
from sweepgd.record.log import Log, frames
from sweepgd.record.trial_record import unpack
from sweepgd.record.verify import verify
from sweepgd.study.optuna_export import rebuild
from sweepgd.sweep import parse

PUBLISHED, WAITING = [0, 1, 2, 3, 4, 5, 8, 9, 10], [6, 11]
SWEEP = "name = 'written'\n"


@pytest.fixture
def shared(tmp_path):
    return shutil.copytree(Path(__file__).parent / "shared", tmp_path / "shared")


class Notes(NoProgress):
    def __init__(self):
        self.said = []

    def note(self, what):
        self.said.append(what)


def write_log(out, name, records, tail=b""):
    """Write the folder of a killed command with a log of these records, and return the path of the log."""
    folder = out / "log" / name
    folder.mkdir(parents=True)
    (folder / "lock").write_text("000002")
    log = Log(folder / "000001.log")
    for record in records:
        log.append(record)
    log.flush()
    log.close()
    with log.path.open("ab") as file:
        file.write(tail)
    return log.path


def folders(out):
    return [path for path in (out / "log").iterdir() if path.is_dir()]


def test_a_shared_directory_is_read_and_verified(shared):
    results = load(shared)
    assert results.trials["trial"].to_pylist() == PUBLISHED
    assert results.trials["attempt"].to_pylist() == [1] * 9
    assert [path.name for path in shared.glob("trials/*")] == ["000001.parquet"]
    best = summary(results, 3)["best"].to_pylist()
    losses = {row["trial"]: row["objectives"][0] for row in results.trials.to_pylist() if row["status"] == "completed"}
    assert [row["trial"] for row in best] == sorted(losses, key=losses.get)[:3]
    verified = verify(shared)
    assert (verified.trials, verified.damaged) == (9, [])
    waiting = [finding.reason for finding in verified.findings if finding.path.parent.parent == shared / "log"]
    assert waiting == ["it has 1 results that the next sweepgd search adds to the study"] * 2
    assert rebuild(shared).is_file()


def test_a_search_adds_the_logs_of_commands_and_continues(shared):
    before, spec = load(shared).trials, parse((shared / "sweep.toml").read_text(), ["search.trials=14"])
    logs = sorted(shared.glob("log/*/*.log"))
    waiting = {packed.trial: packed.rows[0] for log in logs for packed in map(unpack, frames(log)) if packed.trial in WAITING}
    notes = Notes()
    results = search(spec, out=shared, workers=1, progress=notes)
    assert [note for note in notes.said if note.startswith("added")] == [f"added 1 result from {log}" for log in logs]
    rows = results.trials.to_pylist()
    assert [row["trial"] for row in rows] == list(range(14))
    assert [row for row in rows if row["trial"] in PUBLISHED] == before.to_pylist()
    for trial, row in waiting.items():
        assert {name: rows[trial][name] for name in ("finished_at", "objectives", "search_state")} == {
            name: row[name] for name in ("finished_at", "objectives", "search_state")
        }
    assert folders(shared) == []
    assert verify(shared).findings == []
    assert compact(shared)[1] == 1
    assert computed(load(shared).trials).equals(computed(results.trials))


def test_results_are_those_of_a_single_command(tmp_path):
    """Records of one search in two logs and those of three commands, some twice, give bit-identical results."""
    alone, several = tmp_path / "alone", tmp_path / "several"
    results = search(sweep("search.trials=12"), out=alone, workers=1)
    (log,) = (alone / "log").glob("*.log")
    records = {unpack(record).trial: record for record in frames(log)}
    assert sorted(records) == list(range(12))
    (several / "log").mkdir(parents=True)
    shutil.copy(alone / "sweep.toml", several)
    for number, trials in ((2, [0, 5]), (4, [7, 1])):
        segment = Log(several / "log" / f"{number:06}.log")
        for trial in trials:
            segment.append(records[trial])
        segment.flush()
        segment.close()
    for name, trials in (("one", [5, 3]), ("two", [1, 8]), ("three", [8, 9])):
        write_log(several, name, [records[trial] for trial in trials])
    assert_same(search(sweep("search.trials=12"), out=several, workers=1), results)
    assert folders(several) == []


def test_an_incomplete_log_of_a_command_is_kept(tmp_path):
    out = tmp_path / "out"
    write(out, [[finished(0)]])
    torn = write_log(out, "torn", [encode(finished(0)), encode(finished(1))], tail=b"half a record")
    none = write_log(out, "none", [])
    none.write_bytes(b"no log")
    store = Store.open(out, SWEEP)
    kept = [out / "log" / f"{name}-000001.torn" for name in ("none", "torn")]
    assert store.notes == [
        f"added 1 result from {torn}",
        *(f"a log of another command is damaged or incomplete: it is kept as {path}" for path in kept),
    ]
    store.close()
    assert load(out).trials["trial"].to_pylist() == [0, 1]
    assert [path.read_bytes()[-13:] for path in kept] == [b"no log", b"half a record"]
    assert folders(out) == []
    assert verify(out).findings == []


def test_logs_of_commands_stay_while_the_disk_is_full(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(out, [[finished(0)]])
    log = write_log(out, "one", [encode(finished(1))])

    def full(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Log, "flush", full)
        store = Store.open(out, SWEEP)
    with closing(store):
        assert store.recorded == {0, 1}
        assert log.exists()
        append(store, finished(2))
    assert load(out).trials["trial"].to_pylist() == [0, 1, 2]
    Store.open(out, SWEEP).close()
    assert folders(out) == []
    assert load(out).trials["trial"].to_pylist() == [0, 1, 2]
