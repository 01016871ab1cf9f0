"""Results in a notebook: their findings as HTML, and charts by name in both themes."""

import json
from pathlib import Path

import pytest
from recorded import finished, write
from study_tables import Tables, run, trials

from sweepgd import SweepgdError, UsageError, load
from sweepgd.record import TRIALS
from sweepgd.report.notebook import display

HOSTILE = "<script>alert(1)</script>\x1b[31m"
CLAIM = """
[[claims]]
says = "A < B & C."
statistic = "mean"
of = "validation_loss"
relation = "<"
value = 1e9
"""


def study(table, toml="name = 'study'\n"):
    """Return results with these trials and this sweep."""

    class Study(Tables):
        directory, sweep_toml = Path("results/my study"), toml

    return Study(table)


def test_results_are_displayed_as_findings_claims_and_next_steps():
    rows = [run(trial, 0.25 * (trial + 1), replicate, batch_size=8 * (trial + 1)) for trial in (0, 1) for replicate in (0, 1)]
    shown = display(study(trials(*rows), f"name = 'study'\ndescription = 'Which?'\n{CLAIM}"))
    assert shown.startswith("<p><strong>study: Which?</strong></p>\n<table>\n")
    cells = dict(line.removeprefix("<tr><th").split("</th><td", 1) for line in shown.splitlines() if line.startswith("<tr>"))
    found = {head.split(">")[1]: cell.split(">", 1)[1].removesuffix("</td></tr>") for head, cell in cells.items()}
    assert found == {
        "Ran": "mlp on digits; 2 configurations, 2 replicates each; runs: 4 completed.",
        "Best": "Trial 0: sgd, batch size 8, rate 0.1.<br>Its validation loss is 0.250, the lowest of 2, so biased low;"
        " an interval needs 3 replicates or more.",
        "As good": "No other of the 2 complete configurations may be the best (at 95 %).",
        "Claims": "A &lt; B &amp; C. <em>held</em>",
        "Picture": '<code>.chart("loss_curves")</code>',
        "Tables": "<code>sweepgd analyze &#x27;results/my study&#x27; all</code>",
    }


def test_texts_of_users_are_neither_markup_nor_control_characters():
    hostile = dict.fromkeys(("data", "model", "optimizer", "schedule"), HOSTILE)
    rows = [run(0, 0.5, **hostile), run(1, None, **hostile), run(2, 0.7)]
    shown = display(study(trials(*rows), f"name = {json.dumps(HOSTILE)}\n"))
    assert "<script" not in shown
    assert "\x1b" not in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m") >= 5


def test_an_empty_study_is_displayed():
    assert "No run is recorded yet." in display(study(TRIALS.empty_table()))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two recorded trials of different batch sizes."""
    directory = tmp_path_factory.mktemp("notebook") / "written"
    write(directory, [[finished(trial, replicates=2, batch_size=8 * (trial + 1)) for trial in range(2)]])
    return load(directory)


def test_a_notebook_calls_the_display_of_loaded_results(results):
    assert results._repr_html_() == display(results)
    assert repr(results) == f"Results(directory={results.directory!r})"


def test_charts_have_a_light_and_a_dark_theme(results):
    light, dark = (results.chart("loss_curves", by="trial", x="update", theme=theme).to_dict() for theme in ("light", "dark"))
    assert light["config"]["background"] == "white"
    assert dark["config"]["background"] == "#14171B"
    assert {dark["config"][part]["titleColor"] for part in ("axis", "legend")} == {dark["config"]["title"]["color"]}
    assert dark["datasets"] == light["datasets"]
    assert "#0072B2" in json.dumps(light)
    assert "#0072B2" not in json.dumps(dark)


def test_a_dark_map_has_no_dark_viridis(tmp_path):
    sizes, rates = (8, 8, 16, 16), (0.1, 0.2, 0.1, 0.2)
    trials = [finished(trial, batch_size=sizes[trial], learning_rate=rates[trial]) for trial in range(4)]
    write(tmp_path / "map", [trials])
    text = json.dumps(load(tmp_path / "map").chart("rate_batch_map", theme="dark").to_dict()["layer"])
    assert '"scheme": {"name": "viridis", "extent": [0.2, 1]}' in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "loss_curve"}, r"^there is no chart 'loss_curve': did you mean 'loss_curves'\?$"),
        ({"name": "loss_curves", "theme": "sepia"}, r"^theme = 'sepia' is not one of light, dark$"),
        ({"name": "loss_curves", "x": "hours"}, r"^x = 'hours' is not one of epoch, update, seconds$"),
        ({"name": "loss_curves", "by": "colour"}, r"^unknown factor 'colour': known: "),
        ({"name": "by_learning_rate", "target": 0.1}, r"^the chart by_learning_rate does not take target; it is for steps_by"),
    ],
)  # fmt: skip
def test_a_wrong_argument_of_a_chart_is_one_line(results, arguments, message):
    with pytest.raises(UsageError, match=message):
        results.chart(**arguments)


def test_a_chart_without_data_says_what_is_missing(results):
    with pytest.raises(SweepgdError, match="no completed run has a spectral density"):
        results.chart("spectral_density")
