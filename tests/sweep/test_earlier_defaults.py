"""Settings added to schedules and models later: written out in new sweeps, and at their former value in older records."""

import pytest
from linear_sweep import sweep

from sweepgd.sweep import configuration_of, space_of
from sweepgd.sweep.earlier_defaults import as_recorded, former, recorded, written_out

CYCLE = ("space={schedule=['one_cycle','cosine'],learning_rate=0.1,optimizer='sgd'}", "search={}")
KEY = "final_at_last_update"


def test_a_new_sweep_writes_out_the_default_of_each_added_setting():
    assert written_out(sweep(*CYCLE)).schedule == {"one_cycle": {KEY: True}}
    assert written_out(sweep(*CYCLE, "schedule.one_cycle.peak=0.3")).schedule == {"one_cycle": {"peak": 0.3, KEY: True}}
    assert written_out(sweep(*CYCLE, f"schedule.one_cycle.{KEY}=[true,false]")).schedule == {"one_cycle": {KEY: [True, False]}}
    assert written_out(sweep()).schedule == {}
    assert former(sweep(*CYCLE)) == {f"schedule.one_cycle.{KEY}": False, "model.init_scale": 1.0}


def test_the_schedules_of_points_count():
    assert former(sweep("points=[{optimizer='sgd',schedule='one_cycle'}]"))[f"schedule.one_cycle.{KEY}"] is False


@pytest.mark.parametrize(
    ("before", "now", "value"),
    [
        (CYCLE, CYCLE, False),
        ((*CYCLE, f"schedule.one_cycle.{KEY}=true"), CYCLE, True),
        ((*CYCLE, f"schedule.one_cycle.{KEY}=false"), CYCLE, False),
        (CYCLE, (*CYCLE, f"schedule.one_cycle.{KEY}=true"), True),
        ((), CYCLE, True),
    ],
)
def test_a_sweep_continues_with_the_value_of_its_record_unless_given(before, now, value):
    assert as_recorded(sweep(*now), sweep(*before)).schedule == {"one_cycle": {KEY: value}}


def test_the_former_value_is_left_out_of_a_recorded_configuration():
    """The `config_id` is a digest of the JSON, so the JSON must not change."""
    new, old = (
        recorded(configuration_of(next(space_of(sweep(*CYCLE, f"schedule.one_cycle.{KEY}={value}")).grid())))
        for value in ("true", "false")
    )
    assert new.schedule_settings == {"peak": 0.45, "start_divisor": 10.0, "final_divisor": 100.0, KEY: True}
    assert old.schedule_settings == {"peak": 0.45, "start_divisor": 10.0, "final_divisor": 100.0}
