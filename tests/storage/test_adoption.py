"""A command dies at each step of a result on its way into the record: another goes on from there, nothing lost or twice."""

import errno
import os
import re
from contextlib import contextmanager

import pytest
from joining import attempts, joined, record, run, wait_until_finished, wait_until_shown

from sweepgd.problem import Problem
from sweepgd.record import NoRoom
from sweepgd.record.schema import footer
from sweepgd.record.sealed import sealed
from sweepgd.storage import address, check_alone, connect
from sweepgd.storage.claims import Claims
from sweepgd.storage.writer import Writer

TOTAL = 6
STEPS = ("claimed", "durable", "finished", "shown", "published", "recorded")


def die_after(step, out, claims):
    """Two results of a command that has claimed three trials get as far as this step; then it is gone."""
    writer = Writer(out, claims.holder)
    trials = [claim.trial for claim in claims.take(3)]
    records = [record(trial, 1) for trial in trials[:2]]
    steps = [
        lambda: None,
        lambda: [writer.append(each) for each in records] + [writer.flush()],
        lambda: claims.finish([(trial, 1) for trial in trials[:2]]),
        lambda: [writer.begin_segment(claims.segment(1))] + [writer.show(each) for each in records] + [writer.flush()],
        lambda: [writer.publish(footer("")), writer.wait_anew([])],
        lambda: claims.recorded(trials[:2]),
    ]
    for take in steps[: STEPS.index(step) + 1]:
        take()
    writer.close(leave=True)


@pytest.mark.parametrize("step", STEPS)
def test_another_goes_on_wherever_a_command_dies(step, tmp_path, storage):
    out = tmp_path / "out"
    joined(storage, out, TOTAL).close()
    engine = connect(address(storage))
    die_after(step, out, Claims(engine, 1, "gone", TOTAL))
    engine.dispose()
    notes = []
    shared = joined(storage, out, TOTAL, notes)
    ran = run(shared, TOTAL)
    shared.close()
    kept = 0 if step == "claimed" else 2
    assert sorted(ran) == list(range(kept, TOTAL))
    assert attempts(out) == {trial: 2 if kept <= trial < 3 else 1 for trial in range(TOTAL)}
    assert notes[0] == "gone ended without a word: its trials are taken over"
    assert sorted(path.name for path in (out / "log").iterdir()) == ["lock", "study"]
    assert not (out / "late").exists()


def test_late_results_of_the_dead_are_set_aside(tmp_path, storage):
    out = tmp_path / "out"
    joined(storage, out, TOTAL).close()
    engine = connect(address(storage))
    claims = Claims(engine, 1, "gone", TOTAL)
    die_after("durable", out, claims)
    claims.release()
    other = Claims(engine, 1, "other", TOTAL)
    assert [claim[:2] for claim in other.take(2)] == [(0, 2), (1, 2)]
    other.release()
    engine.dispose()
    notes = []
    shared = joined(storage, out, TOTAL, notes)
    run(shared, TOTAL)
    shared.close()
    assert attempts(out) == {0: 3, 1: 3, 2: 2, 3: 1, 4: 1, 5: 1}
    assert notes[0] == f"2 results of gone came late, and are set aside in {out / 'late' / 'gone.log'}"


def test_the_last_rows_are_published_though_nothing_is_left_to_run(tmp_path, storage):
    """A command dies when the database knows all of its results, the last ones of the study, and before it makes parts."""
    out = tmp_path / "out"
    joined(storage, out, 2).close()
    engine = connect(address(storage))
    claims = Claims(engine, 1, "gone", 2)
    die_after("shown", out, claims)
    claims.recorded([0, 1])
    engine.dispose()
    joined(storage, out, 2).close()
    assert len(list((out / "trials").iterdir())) == 1
    assert attempts(out) == {0: 1, 1: 1}


def test_who_is_stopped_adopts_nothing_and_another_goes_on(tmp_path, storage):
    """Asked to stop before it looks for the dead, and while it makes parts of what one has left."""
    out = tmp_path / "out"
    joined(storage, out, TOTAL).close()
    engine = connect(address(storage))
    claims = Claims(engine, 1, "gone", TOTAL)
    die_after("shown", out, claims)
    engine.dispose()
    for asked in ([True], [False, True]):
        notes = []
        shared = joined(storage, out, TOTAL, notes)
        answers = iter(asked)
        shared.stop = lambda answers=answers: next(answers, True)
        next(shared.remaining(range(TOTAL)))
        assert (out / "log" / "gone" / "lock").exists()
        assert len(list((out / "log").glob("*.log"))) == 1
        assert list((out / "trials").iterdir()) == []
        shared.close()
        assert notes == []
    shared = joined(storage, out, TOTAL, notes)
    assert sorted(run(shared, TOTAL)) == [2, 3, 4, 5]
    shared.close()
    assert notes == ["gone ended without a word: its trials are taken over"]
    assert attempts(out).keys() == set(range(TOTAL))
    assert not (out / "late").exists()


def test_what_is_cut_from_the_logs_of_the_dead_is_kept(tmp_path, storage):
    out = tmp_path / "out"
    joined(storage, out, TOTAL).close()
    engine = connect(address(storage))
    die_after("shown", out, Claims(engine, 1, "gone", TOTAL))
    engine.dispose()
    [segment] = (out / "log").glob("*.log")
    for log in (segment, out / "log" / "gone" / "000001.log"):
        with log.open("ab") as file:
            file.write(log.parent.name.encode())
    notes = []
    shared = joined(storage, out, TOTAL, notes)
    run(shared, TOTAL)
    shared.close()
    kept = {"gone": out / "log" / "gone-000001.torn", "log": segment.with_suffix(".torn")}
    assert {name: torn.read_text() for name, torn in kept.items()} == {name: name for name in kept}
    cut = "the end of a log of gone is of a record that is not whole: cut, and kept in"
    expected = ["gone ended without a word: its trials are taken over", *(f"{cut} {torn}" for torn in kept.values())]
    assert notes[: len(expected)] == expected  # a slow database is told at the end
    assert attempts(out).keys() == set(range(TOTAL))


def test_a_search_without_the_database_leaves_no_result_behind(tmp_path, storage):
    out = tmp_path / "out"
    joined(storage, out, TOTAL).close()
    engine = connect(address(storage))
    die_after("durable", out, Claims(engine, 1, "gone", TOTAL))
    engine.dispose()
    with pytest.raises(Problem, match=rf"left results there \(gone\): give --storage, here {re.escape(storage)}, which"):
        check_alone(out)
    (out / "log" / "study").unlink()
    with pytest.raises(Problem, match=r"or have left results there \(gone\): give --storage, which adds them$"):
        check_alone(out)


def test_a_part_that_was_lost_is_run_again(tmp_path, storage):
    out = tmp_path / "out"
    for most in (2, None):
        shared = joined(storage, out, TOTAL)
        run(shared, TOTAL, most)
        wait_until_shown(shared, most or TOTAL)
        shared.publish()
        shared.close()
    parts = sorted((out / "trials").iterdir())
    before = attempts(out)
    for table in ("trials", "curves", "minima", "curvature"):
        (out / table / parts[0].name).unlink()
    lost = sorted(before.keys() - attempts(out).keys())
    assert lost == [0, 1]
    shared = joined(storage, out, TOTAL)
    assert sorted(run(shared, TOTAL)) == lost
    shared.close()
    assert attempts(out) == before | dict.fromkeys(lost, 2)


@contextmanager
def no_room_for_trials(path, schema, metadata):
    """Parts of the other tables are placed, and then there is no room for those of trials."""
    with sealed(path, schema, metadata) as writer:
        yield writer
        if path.parent.name == "trials":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_results_wait_for_room_and_are_shown_whole(tmp_path, storage, monkeypatch):
    """A disk that is full while parts are made: whatever is shown afterwards is in all tables, once."""
    out = tmp_path / "out"
    shared = joined(storage, out, TOTAL)
    run(shared, TOTAL, 3)
    wait_until_shown(shared, 3)
    with monkeypatch.context() as full:
        full.setattr("sweepgd.record.parts.sealed", no_room_for_trials)
        with pytest.raises(NoRoom):
            shared.publish()
        assert (out / "curves" / "000001.parquet").is_file()
        run(shared, TOTAL, 2)
        wait_until_finished(shared, storage, 4)
        with pytest.raises(NoRoom):
            shared.publish()
    assert attempts(out).keys() == {0, 1, 2}
    shared.publish()
    run(shared, TOTAL)
    shared.close()
    assert attempts(out) == dict.fromkeys(range(TOTAL), 1)


def test_a_command_that_ends_without_room_leaves_its_results(tmp_path, storage, monkeypatch):
    out = tmp_path / "out"
    shared = joined(storage, out, TOTAL)
    run(shared, TOTAL, 3)
    with monkeypatch.context() as full:
        full.setattr("sweepgd.record.parts.sealed", no_room_for_trials)
        shared.close()
    shared = joined(storage, out, TOTAL)
    assert sorted(run(shared, TOTAL)) == [3, 4, 5]
    shared.close()
    assert attempts(out).keys() == set(range(TOTAL))
    assert [path.name for path in sorted((out / "log").iterdir())] == ["lock", "study"]
