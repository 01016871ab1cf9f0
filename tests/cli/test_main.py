"""The command line as a whole: help, version, exit codes, and a reader that stops reading."""

import re
import subprocess

from commands import completed, process

COMMANDS = ("search", "init", "train", "analyze", "list")


def test_help_lists_commands_in_the_order_of_their_use_with_whole_sentences(run):
    shown = run("--help").out.partition("Commands:\n")[2]
    names = re.findall(r"^  (\w+)", shown, flags=re.MULTILINE)
    assert names == [
        "search", "watch", "init", "train", "list", "analyze", "report", "compare", "measure", "landscape",
        "export", "predict", "schema", "dashboard", "verify", "compact", "merge", "plugin",
    ]  # fmt: skip
    assert "..." not in shown
    assert "Run a sweep, or continue it. Trials that are recorded already are not run again." in " ".join(shown.split())
    assert "..." not in run("plugin", "--help").out.partition("Commands:")[2]


def test_a_group_of_commands_alone_shows_its_help(run):
    shown = run("plugin")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == run("plugin", "--help").out
    assert "  new    Write an installable package with an optimizer" in shown.out


def test_help_and_version(run):
    for arguments in ((), ("--help",)):
        shown = run(*arguments)
        assert (shown.code, shown.err) == (0, "")
        assert all(f"  {command} " in shown.out for command in COMMANDS)
    for command in COMMANDS:
        assert f"Example: sweepgd {command} " in run(command, "--help").out
    assert "--storage" not in run("search", "--help").out
    assert re.fullmatch(r"sweepgd \d+\.\d+\.\d+\n", run("--version").out)


def test_exit_codes_of_the_process(tmp_path):
    assert completed("list", "sweeps").returncode == 0
    assert completed("analyze", str(tmp_path)).returncode == 1
    assert completed("search", "nowhere").returncode == 2
    assert completed("search", "--workers", "0").returncode == 2


def test_a_reader_that_leaves_is_no_traceback():
    command = process("list", "optimizers", "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        listing.stdout.close()
        assert listing.stderr.read() == b""
    assert listing.returncode == 1
