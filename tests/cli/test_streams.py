"""Output of commands on any stream: other encodings, closed or full streams, and names with escape sequences."""

import os
import subprocess
import sys
from io import BytesIO, TextIOWrapper

import pytest
from commands import call, completed, process
from linear_sweep import sweep, sweep_file
from rich.text import Text

from sweepgd import load, search
from sweepgd.cli.console import SafeConsole
from sweepgd.cli.streams import Printable
from sweepgd.record.verify import verify

ESCAPE = "\x1b[31mred\x9b0m"
SHOWN = r"\x1b[31mred\x9b0m"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return the results directory of a small sweep with two replicates per configuration."""
    return search(sweep("search.replicates=2"), out=tmp_path_factory.mktemp("recorded"), workers=1).directory


@pytest.fixture
def printed(monkeypatch, capsys):
    """Return a function that runs a command with stdout in an encoding, and returns the decoded output."""

    def run(encoding, *arguments):
        file = BytesIO()
        monkeypatch.setattr(sys, "stdout", TextIOWrapper(file, encoding=encoding))
        assert call(monkeypatch, capsys, *arguments).code == 0
        return file.getvalue().decode(encoding)

    return run


@pytest.mark.parametrize(
    ("encoding", "unit", "error"), [("latin-1", "µs", "±"), ("cp1252", "µs", "±"), ("ascii", "?s", "?"), ("utf-8", "µs", "±")]
)
def test_characters_outside_the_encoding_are_replaced(printed, recorded, encoding, unit, error):
    assert f" {unit} each" in printed(encoding, "train", "--epochs", "1")
    analyzed = printed(encoding, "analyze", str(recorded), "best")
    assert "Which configurations did best?" in analyzed
    assert f"{error} standard error over replicates" in analyzed
    listed = printed(encoding, "list", "optimizers")
    assert f"learning_rate: 0.1 [0.001 {'…' if encoding in ('cp1252', 'utf-8') else '?'} 1, log]" in listed


def closed(*streams):
    """Return a shell command that closes these standard streams, which subprocess cannot do."""
    return ["sh", "-c", f'exec "$@" {" ".join(f"{number}>&-" for number in streams)}', "sh"]


@pytest.mark.parametrize("streams", [(1,), (0, 1, 2)])
def test_a_search_without_standard_streams_is_recorded(tmp_path, streams):
    """Services may start a process so. No file of the record may get the number of a stream, and with it printed text."""
    command = [*closed(*streams), *process("search", sweep_file(tmp_path), "--out", "out", "--workers", "2")]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0
    assert run.stdout == ""
    assert [line for line in run.stderr.splitlines() if "trials" not in line] == []
    found = verify(tmp_path / "out")
    assert (found.trials, [*found.damaged]) == (6, [])
    assert load(tmp_path / "out").trials["trial"].to_pylist() == list(range(6))


@pytest.mark.parametrize("arguments", [["list", "sweeps"], ["--help"], ["train", "--epochs", "1"]], ids=" ".join)
def test_a_full_stdout_is_an_error_of_one_line(arguments):
    with open("/dev/full", "w") as full:
        run = subprocess.run(process(*arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (run.returncode, run.stderr) == (1, "sweepgd: cannot write to stdout: No space left on device\n")


def test_a_closed_pipe_is_not_an_error():
    run = subprocess.run(
        ["sh", "-c", '"$@" | true', "sh", *process("list", "optimizers")], capture_output=True, text=True, check=False
    )
    assert run.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", ESCAPE],
        ["search", "quickstart", "--dry-run", "--set", f"space.optimizer='{ESCAPE}'"],
        ["search", "quickstart", "--dry-run", "--set", ESCAPE],
        ["search", "quickstart", "--sampler", ESCAPE],
        ["init", ESCAPE],
        ["train", "--data", ESCAPE],
        ["train", "--plugin", ESCAPE],
        ["analyze", ESCAPE],
        ["measure", ESCAPE],
        ["landscape", ESCAPE],
        ["list", ESCAPE],
        ["verify", ESCAPE],
        ["plugin", "check", ESCAPE],
        [ESCAPE],
        [f"--{ESCAPE}"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(ESCAPE, "X"),
)
def test_control_characters_in_an_argument_are_escaped(run, arguments):
    told = run(*arguments)
    assert told.code in (1, 2)
    assert told.err.count("\n") == 1
    assert not any(character in told.err for character in "\x1b\x07\x9b\r")
    assert r"\x1b[31mred" in told.err or r"\\x1b[31mred" in told.err


def test_a_line_break_in_a_name_is_escaped(run):
    told = run("analyze", "one\nother\rthird")
    assert told.err == "sweepgd: one\\nother\\x0dthird does not exist\n"


def test_a_long_line_is_shortened_in_the_middle(run):
    told = run("analyze", "a" * 200 + "/" + "b" * 200 + "/" + "c" * 200 + "/" + "d" * 200 + "/end")
    assert told.err.startswith("sweepgd: aaa")
    assert told.err.endswith("ddd/end does not exist\n")
    assert " … " in told.err
    assert len(told.err) < 650


RULE = """
from sweepgd.optimizers import Optimizer, rate
from sweepgd.core.setting import Setting

def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= theta.dtype.type(learning_rate * hyper[0]) * gradient[i]

rule = Optimizer(name={name!r}, update=update, learning_rate=rate(0.1, 1e-3, 1.0), paper={name!r},
                 hyperparameters=(Setting({name!r}, 1.0, {name!r}, low=0.5, high=2.0),))
"""


def test_control_characters_in_plugin_names_are_escaped(run, tmp_path):
    (tmp_path / "rule.py").write_text(RULE.format(name=ESCAPE))
    path = sweep_file(tmp_path)
    chosen = ["--set", f'space.optimizer=["sgd", "{ESCAPE.encode("unicode_escape").decode().replace("x", "u00")}"]']
    searched = run("search", path, "--plugin", "rule.py", *chosen, "-v", "--workers", "1", "--out", f"results{ESCAPE}")
    analyzed = run("analyze", f"results{ESCAPE}")
    for text in (searched.out, searched.err, analyzed.out):
        assert SHOWN in text
        assert "\x1b" not in text
        assert "\x9b" not in text
    assert searched.code == analyzed.code == 0


def test_brackets_in_a_name_are_not_markup(run, tmp_path):
    (tmp_path / "rule.py").write_text(RULE.format(name="[red]rule[/red]"))
    path = sweep_file(tmp_path)
    searched = run("search", path, "--plugin", "rule.py", "--set", 'space.optimizer="[red]rule[/red]"', "-q", "--workers", "1")
    assert "[red]rule[/red]" in searched.out


def test_a_progress_bar_can_control_the_terminal():
    """The console's own escape sequences are kept."""
    file = TextIOWrapper(BytesIO(), encoding="utf-8")
    console = SafeConsole(Printable(file), force_terminal=True, color_system="standard", legacy_windows=False)
    console.print(Text(f"{ESCAPE} end", style="bold"))
    file.flush()
    assert file.buffer.getvalue().decode() == f"\x1b[1m{SHOWN} end\x1b[0m\n"


def test_an_argument_that_is_not_utf8_is_refused(run):
    told = run("analyze", "a\udcff")
    assert (told.code, told.err) == (
        2,
        "sweepgd: the argument 'a\\udcff' is not UTF-8, and records need UTF-8: use another value, or rename the file\n",
    )


@pytest.mark.parametrize("variable", ["SWEEPGD_OUT", "SWEEPGD_WORKERS"])
def test_a_variable_that_is_not_utf8_is_refused(run, monkeypatch, variable):
    monkeypatch.setenv(variable, "a\udcff")
    told = run("list", "sweeps")
    assert told.code == 2
    assert told.err.startswith(f"sweepgd: {variable}='a\\udcff' is not UTF-8")


@pytest.mark.parametrize("threads", ["0", "-1", " 0 ", "-0"])
def test_an_invalid_number_of_numba_threads_is_refused(threads):
    run = completed("train", "--epochs", "1", env=os.environ | {"NUMBA_NUM_THREADS": threads})
    line = f"sweepgd: NUMBA_NUM_THREADS={threads.strip()}: Numba needs at least 1 thread; unset it, or set 1 or more\n"
    assert (run.returncode, run.stdout, run.stderr) == (2, "", line)
