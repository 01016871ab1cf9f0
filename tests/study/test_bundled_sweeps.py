"""The bundled sweeps: each is described, says how long it takes, makes claims, and can be run."""

import re
from math import ceil

import pytest
from optional_data import bundled_sweeps, skipped_without_data

from sweepgd.core.errors import UsageError
from sweepgd.study.preparation import prepare
from sweepgd.sweep import bundled, load

LONGEST = 600  # seconds on 2 cores
SECONDS = {"s": 1, "min": 60}


@pytest.mark.parametrize("name", sorted(bundled()))
def test_a_bundled_sweep_is_described_and_makes_claims(name):
    sweep = load(name)
    assert sweep.name == name
    assert sweep.description
    assert sweep.source
    assert sweep.claims
    number, unit = re.fullmatch(r"(\d+) (s|min) on 2 cores", sweep.run_time).groups()
    assert int(number) * SECONDS[unit] <= LONGEST


@pytest.mark.parametrize("name", bundled_sweeps())
def test_a_bundled_sweep_can_be_run_as_a_whole_and_in_a_small_form(name):
    with skipped_without_data():
        whole, part = (prepare(load(name, [f"search.scale={scale}"])) for scale in (1.0, 0.1))
    assert part.total == max(1, ceil(whole.total / 10))


def test_a_sweep_that_requires_a_missing_package_is_refused():
    sweep = load("quickstart").model_copy(update={"requires": ["numpy", "sweepgd-missing"]})
    with pytest.raises(UsageError, match=r"^the sweep requires the package sweepgd-missing, which is not installed: run "):
        prepare(sweep)
