"""Fixtures that run the command line in an empty folder."""

import pytest
from commands import VARIABLES, call
from tiny import sweep_file


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs the command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


@pytest.fixture
def tiny(run, tmp_path):
    """Searches the tiny sweep with two workers."""
    path = sweep_file(tmp_path)
    return lambda *arguments: run("search", path, "--workers", "2", *arguments)
