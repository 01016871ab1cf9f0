"""The schedule of publication."""

from sweepgd.record import publish_schedule
from sweepgd.record.publish_schedule import Pace


def test_the_first_part_is_due_after_one_second_and_the_next_after_30(monkeypatch):
    clock = 0.0
    monkeypatch.setattr(publish_schedule, "monotonic", lambda: clock)
    schedule = Pace()
    clock = 5.0
    assert not schedule.due
    schedule.add()
    assert not schedule.due
    clock = 6.1
    assert schedule.due
    schedule.publish()
    schedule.add()
    clock = 36.0
    assert not schedule.due
    clock = 36.2
    assert schedule.due


def test_no_part_is_due_early_if_there_are_parts(monkeypatch):
    clock = 0.0
    monkeypatch.setattr(publish_schedule, "monotonic", lambda: clock)
    schedule = Pace(10)
    schedule.add(publish_schedule.PART_RECORDS - 1)
    clock = 29.0
    assert not schedule.due
    schedule.add()
    assert schedule.due
    schedule.publish()
    assert (schedule.published, schedule.pending, schedule.due) == (10 + publish_schedule.PART_RECORDS, 0, False)
