"""The software of every machine is compared before anything runs there."""

import errno
import os
import platform
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from distributions import distribution
from linear_sweep import LINEAR, sweep

from sweepgd import search
from sweepgd.core.errors import SweepgdError
from sweepgd.execution import requirements as module
from sweepgd.execution.helpers import run_block
from sweepgd.execution.messages import Block, Refused, Study
from sweepgd.execution.requirements import differences, requirements
from sweepgd.plugins import registry
from sweepgd.training.trial import run

PLUGINS = Path(__file__).parents[1] / "isolation" / "plugins"


def test_equal_machines_have_no_difference():
    wanted = requirements(sweep(), ["sgd", "momentum"], ["constant"])
    assert set(wanted) == {("", "Python"), ("", "sweepgd"), ("", "numba"), ("", "numpy")}
    assert wanted["", "numpy"] == np.__version__
    assert differences(wanted) is None


def test_each_other_version_is_named_with_the_machine():
    wanted = dict(requirements(sweep(), ["sgd"], []))
    wanted["", "numpy"] = "1.0"
    wanted["optimizers", "lion_of_nobody"] = "their-lions 1.0"
    assert differences(wanted) == (
        f"machine {platform.node()} has different software (numpy is {np.__version__} instead of 1.0;"
        " optimizer 'lion_of_nobody' is missing instead of their-lions 1.0): install the driver's versions there"
    )


def test_an_edited_plugin_of_the_same_version_is_another_one(monkeypatch, tmp_path):
    found = []
    for site, marker in ((tmp_path / "here", "# one\n"), (tmp_path / "there", "# two\n")):
        source = tmp_path / f"{site.name}.py"
        source.write_text(marker + (PLUGINS / "perilous.py").read_text())
        distribution(site, "their-perils", {"perilous.py": source}, version="2.1", optimizers={"perilous": "perilous:perilous"})
        with monkeypatch.context() as patched:
            patched.syspath_prepend(site)
            registry._points.cache_clear()
            module._with_sources.cache_clear()
            found.append(requirements(sweep(), ["perilous"], [])["optimizers", "perilous"])
        registry._points.cache_clear()
        module._with_sources.cache_clear()
    assert [each.partition(", ")[0] for each in found] == ["their-perils 2.1"] * 2
    assert found[0] != found[1]


def test_a_worker_with_other_software_refuses_the_study():
    study = Study("1", sweep(), run, ("sgd",), {("", "numba"): "0.1"}, {}, {}, None, True)
    outcome = run_block("1", Block(1, ()), study)
    assert isinstance(outcome, Refused)
    assert "instead of 0.1): install the driver's versions there" in outcome.message


def test_a_worker_without_room_for_the_data_refuses_the_study(monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    study = Study("2", sweep(), run, ("sgd",), {}, {"inputs.npy": b"0"}, {}, None, True)
    outcome = run_block("2", Block(1, ()), study)
    assert isinstance(outcome, Refused)
    assert outcome.message.startswith(f"machine {platform.node()} cannot write the data of the study: ")
    assert "No space left on device" in outcome.message
    assert outcome.message.endswith("; set TMPDIR to a larger disk there")


class OtherMachine:
    """Runs what is submitted at once, on a machine where no comparison succeeds."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(
            "machine far has different software (numpy is 1.0 instead of 2.0): install the driver's versions there"
        )
        return future


def test_a_search_is_refused_before_any_trial_where_the_software_differs(monkeypatch, tmp_path):
    from concurrent.futures import Executor

    class Elsewhere(OtherMachine, Executor):
        pass

    with pytest.raises(SweepgdError, match=r"^a worker of the executor: machine far has different software \(numpy is 1.0"):
        search(sweep(text=LINEAR), out=tmp_path / "out", executor=Elsewhere())
