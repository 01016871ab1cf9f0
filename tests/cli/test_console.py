import os
import pty
import re
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from math import inf

import pytest
from commands import process
from linear_sweep import sweep_file
from terminal import read_all

from sweepgd.cli.console import say, stdout, width


@pytest.mark.parametrize(("columns", "wide"), [(None, 120), ("90", 90)])
def test_the_width_of_a_pipe_is_that_of_the_environment_or_120(columns, wide, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert stdout().width == wide
    assert width() == (inf if columns is None else wide)


class Terminal(TextIOWrapper):
    """A stream that claims to be a terminal."""

    def isatty(self):
        return True


SENTENCES = ("Recorded in results/a_name.", "Next: sweepgd analyze results/a_name --figures figures")


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (100, [" ".join(SENTENCES)]),
        (82, [" ".join(SENTENCES)]),
        (81, list(SENTENCES)),
        (40, [SENTENCES[0], "Next: sweepgd analyze results/a_name ", "--figures figures"]),
    ],
)
def test_sentences_are_wrapped_between_words_on_a_terminal(columns, lines, monkeypatch):
    file = Terminal(BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", file)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    say(*SENTENCES)
    file.flush()
    assert [line.rstrip() for line in file.buffer.getvalue().decode().splitlines()] == [line.rstrip() for line in lines]


def test_sentences_are_one_line_outside_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    say(*SENTENCES)
    assert capsys.readouterr().out == " ".join(SENTENCES) + "\n"


def test_no_color_is_heeded_on_a_terminal(tmp_path):
    """Bold and dim remain: they are no colour."""
    path = sweep_file(tmp_path)
    colours = {}
    for value in ("", "1"):
        master, slave = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "NO_COLOR": value}
        command = process("search", path, "--out", str(tmp_path / f"out{value}"))
        with subprocess.Popen(command, stdout=slave, stderr=slave, env=environment) as search:
            os.close(slave)
            colours[value] = re.findall(r"\x1b\[(?:[0-9]+;)*(?:3[0-9]|9[0-7])[0-9;]*m", read_all(master))
        assert search.returncode == 0
    assert colours[""]
    assert not colours["1"]
