import pytest

from sweepgd.report.console import stdout


@pytest.mark.parametrize(("columns", "width"), [(None, 120), ("90", 90)])
def test_a_pipe_is_as_wide_as_the_environment_says_or_120(columns, width, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert stdout().width == width
