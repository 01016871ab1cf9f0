"""How often parts are made."""

from sweepgd.record import pace
from sweepgd.record.pace import Pace


def test_the_first_part_comes_a_second_after_the_first_record_and_the_next_as_usual(monkeypatch):
    clock = 0.0
    monkeypatch.setattr(pace, "monotonic", lambda: clock)
    ours = Pace()
    clock = 5.0
    assert not ours.due
    ours.add()
    assert not ours.due
    clock = 6.1
    assert ours.due
    ours.publish()
    ours.add()
    clock = 36.0
    assert not ours.due
    clock = 36.2
    assert ours.due


def test_where_there_are_parts_already_none_comes_early(monkeypatch):
    clock = 0.0
    monkeypatch.setattr(pace, "monotonic", lambda: clock)
    ours = Pace(10)
    ours.add(pace.PART_RECORDS - 1)
    clock = 29.0
    assert not ours.due
    ours.add()
    assert ours.due
    ours.publish()
    assert (ours.published, ours.pending, ours.due) == (10 + pace.PART_RECORDS, 0, False)
