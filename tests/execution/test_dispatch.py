"""The time that running tasks have after a stop request, by a simulated clock."""

import pytest

from sweepgd.core import interrupts
from sweepgd.core.interrupts import Stop
from sweepgd.execution import dispatch


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


class Endless:
    """A pool and its reporting: a task runs that never ends, and every look at it takes as long as it may."""

    has_room, unreported, paused, busy = False, False, False, True

    def __init__(self, clock):
        self.clock, self.heard = clock, []

    def events(self, timeout):
        self.clock.now += timeout
        assert self.clock.now < 60
        return ["an event"]

    def drain(self):
        self.heard.append("drain")

    def note(self, what):
        self.heard.append(what)

    def end(self):
        self.heard.append("end")


@pytest.mark.parametrize(("asked_at", "looks"), [(10.0, 10), (9.6, 6), (5.0, 0)])
def test_what_runs_has_a_second_from_the_signal_on(monkeypatch, asked_at, looks):
    clock = Clock(10.0)
    monkeypatch.setattr(interrupts, "monotonic", clock)
    endless, taken = Endless(clock), []
    with pytest.raises(KeyboardInterrupt):
        dispatch.dispatch(endless, iter(()), taken.append, endless, Stop(asked_at))
    assert len(taken) == pytest.approx(looks, abs=1)
    assert clock.now <= max(10.0, asked_at + dispatch.DRAIN_SECONDS) + dispatch.FLUSH_SECONDS
    assert endless.heard == ["stopping: running tasks have 1 s to finish; a second Ctrl-C stops at once", "drain", "end"]
