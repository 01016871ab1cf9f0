"""The page of a study: its structure, what it says of each kind of study, escaping, and equal bytes."""

import base64
import hashlib
import re
from itertools import pairwise

import pytest
from page_parts import Page
from report.page.kinds_of_study import KINDS, SWEEP
from study_files import written
from study_tables import curvature, run, study_of_rates, trials, value

from sweepgd.analysis.best import best
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.record import load
from sweepgd.report.page import study_page, write_html
from sweepgd.report.page.escaping import script_json, text
from sweepgd.report.page.sections.headline import best_card

CLAIM = '[[claims]]\nsays = "Losses are small."\nstatistic = "mean"\nof = "validation_loss"\nrelation = "<"\nvalue = 1.0\n'
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def rates(tmp_path_factory):
    table, points = study_of_rates()
    measured = curvature(*(value(trial, 1.0 + trial, replicate=r) for trial in range(40) for r in range(2)))
    sweep = SWEEP.format("rates", 64) + CLAIM
    return written(tmp_path_factory.mktemp("page") / "rates", sweep, trials=table, curves=points, curvature=measured)


@pytest.fixture(scope="module")
def page(rates, without_vega):
    return study_page(rates)


def test_every_figure_has_a_caption_a_text_and_its_data(page):
    page = Page(page)
    figures = [attributes["id"] for attributes in page.of("figure")]
    assert {"figure-loss_curves", "figure-rate_batch_map", "figure-by_learning_rate", "figure-expected_best"} <= set(figures)
    charts = [attributes for attributes in page.of("div") if "data-spec" in attributes]
    assert [chart["data-spec"] for chart in charts] == [f"{name}-spec" for name in figures]
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    for name in figures:
        assert "encoding" in str(page.data(f"{name}-spec"))
    assert "by learning rate and batch size. area of a cross" in str(charts)


def test_the_page_needs_nothing_outside_and_its_parts_are_in_order(page):
    page = Page(page)
    outside = [
        value for _, attributes in page.elements for name, value in attributes.items() if name in ("src", "href", "action")
    ]
    assert all(value.startswith(("#", "data:")) for value in outside)
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    linked = {value.removeprefix("#") for value in outside if value.startswith("#")}
    assert linked <= set(identifiers)
    assert {attributes["id"] for attributes in page.of("section")} <= linked | {"parallel"}
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(following <= level + 1 for level, following in pairwise(levels))
    policy = page.of("meta")[1]["content"]
    for script in page.scripts[None]:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy


def test_the_first_screen_says_what_was_run_and_found(page):
    said = Page(page).text
    for words in (
        "What is found?", "Data: digits, a classification. Model: mlp.", "80 runs; 62 completed; 18 diverged",
        "validation loss of trial 28: sgd, batch size 32, rate 0.1", "an interval needs 3 replicates or more",
        "the lowest of 31, so biased low", "learning rates 0.1 to 1", "mean of validation_loss: expected < 1, found 3.37",
    ):  # fmt: skip
        assert words in said


def test_the_card_of_the_best_tells_its_mean_from_what_such_a_choice_has():
    values = [[1.0, 1.0, 9.0], [2.0, 2.0, 2.0], [8.0, 8.0, 8.0]]
    rows = [run(trial, value, replicate) for trial, row in enumerate(values) for replicate, value in enumerate(row)]
    _, number, about = best_card("Best", best(trials(*rows), 1).to_pylist(), "validation loss")
    assert (number, about.partition("; ")[2]) == (
        "2.00",
        "the lowest of 3, so biased low; a configuration chosen this way has 4.33 (95 % interval -5.71 to 14.4) on a replicate"
        " that did not choose it",
    )


def test_equal_records_give_equal_bytes(page, rates, tmp_path):
    write_html(study_page(load(rates.directory)), tmp_path / "new" / "page.html")
    assert (tmp_path / "new" / "page.html").read_bytes() == page.encode()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["page.html"]


@pytest.mark.usefixtures("without_vega")
@pytest.mark.parametrize("name", KINDS)
def test_the_page_of_every_kind_of_study_says_what_it_is(name, tmp_path):
    kind = KINDS[name]
    page = study_page(written(tmp_path / "study", SWEEP.format(name, kind.planned), **kind.tables()))
    said = Page(page).text
    for words in (name, *kind.says):
        assert words in said
    assert "Versions and machines" in said


@pytest.mark.usefixtures("without_vega")
def test_text_of_users_stays_text(tmp_path):
    rows = [
        run(trial, 0.1 + trial if trial % 3 else None, optimizer=(HOSTILE, "a\x1b[31mb", "</script><b>")[trial % 3])
        | {"hyperparameters": {HOSTILE: float(trial)}, "message": HOSTILE, "worker": f"{HOSTILE}:1", "data": HOSTILE}
        | {"learning_rate": 0.01 * (trial + 1), "batch_size": 8 << trial % 2, "model": "\x9b\u2028"}
        | {"settings": '{"classes": ["<script>", "b"]}', "test_confusion": [[3, 1], [0, 2]]}
        | {f"test_{name}": 0.2 for name in ("error", "balanced_error", "macro_f1")}
        for trial in range(24)
    ]
    sweep = f"# </script>{HOSTILE}\nname = '{HOSTILE}'\ndescription = '</script>{HOSTILE}'\nsource = '\\u001b'\n"
    html = study_page(written(tmp_path / "study", sweep, trials=trials(*rows)))
    page = Page(html)
    assert [attributes for attributes in page.of("script") if "type" not in attributes] == [{}, {}]
    assert len(page.scripts[None]) == 2
    assert HOSTILE not in html
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    assert page.text.count(HOSTILE) > 4
    assert page.of("b") == []
    data = page.data("trial-data")
    assert f"{HOSTILE}.{HOSTILE}" in data["axes"]
    (optimizers,) = (column["levels"] for column in data["columns"] if column["name"] == "optimizer")
    assert sorted(optimizers) == sorted([HOSTILE, "a\\x1b[31mb", "</script><b>"])


def test_values_in_scripts_keep_their_meaning_without_markup():
    value = {"<b>": ["</script>", "<!--", "&amp;", "\u2028", "\x1b", "é", float("nan"), float("inf"), 1.5, None]}
    written_value = script_json(value)
    assert written_value.isascii()
    assert not set("<>&") & set(written_value)
    assert Page(f'<script id="x">{written_value}</script>').data("x") == {
        "<b>": ["</script>", "<!--", "&amp;", "\u2028", "\x1b", "é", None, None, 1.5, None]
    }
    assert text('<a href="x">\'&\x1b') == "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;\\x1b"


@pytest.mark.usefixtures("without_vega")
def test_a_target_that_is_not_positive_and_an_unwritable_file_are_errors(rates, tmp_path):
    with pytest.raises(UsageError, match="give a loss or an error above 0"):
        study_page(rates, level=-1.0)
    (tmp_path / "file").write_text("")
    empty = written(tmp_path / "study", SWEEP.format("empty", 1))
    with pytest.raises(SweepgdError, match=r"cannot write .*file"):
        write_html(study_page(empty), tmp_path / "file" / "page.html")


@pytest.mark.slow
@pytest.mark.usefixtures("without_vega")
def test_the_page_of_a_hundred_thousand_trials_is_small(tmp_path):
    from report.page.large_study import write_large

    html = study_page(write_large(tmp_path / "large", 100_000))
    assert len(html.encode()) < 4_000_000
    page = Page(html)
    assert "10,000 in all" in page.text
    assert "2,000 of the 100,000 trials, drawn at random" in page.text
    assert len(page.data("trial-data")["columns"][0]["values"]) == 10_000
