"""Sweep files: loading, overrides, comparison, writing, and the message for each error."""

import pytest
from linear_sweep import LINEAR, sweep

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.sweep import claims_of, load, parse, recorded_claims, to_toml
from sweepgd.training.sweep_context import SweepContext

# --- Reading


def test_a_sweep_is_loaded_by_path_or_by_name(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(LINEAR)
    assert load(str(path)) == parse(LINEAR)
    assert load("quickstart").name == "quickstart"


def test_a_file_takes_precedence_over_a_bundled_sweep_but_a_folder_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house_prices").mkdir()
    assert load("house_prices").name == "house_prices"
    (tmp_path / "quickstart").write_text(LINEAR)
    assert load("quickstart").name == "example"


def test_an_unreadable_file_is_reported_in_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"^no sweep file 'quickstrt', and no bundled sweep.*: did you mean 'quickstart'\?$"):
        load("quickstrt")
    with pytest.raises(UsageError, match=r"^no claims file 'nope\.toml'$"):
        claims_of("nope.toml")
    with pytest.raises(SweepgdError, match=r"cannot read .*: Is a directory$"):
        load(str(tmp_path))
    (tmp_path / "latin.toml").write_bytes("name = 'latin é'".encode("latin-1"))
    with pytest.raises(SweepgdError, match=r"cannot read .*latin\.toml: it is not UTF-8 text$"):
        load(str(tmp_path / "latin.toml"))


# --- Overrides


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("search.trials=3", lambda s: s.search.trials, 3),
        ("space.batch_size=[1,2]", lambda s: s.space.batch_size, [1, 2]),
        ("space.learning_rate.high=0.5", lambda s: s.space.learning_rate.high, 0.5),
        ('space.optimizer="adam"', lambda s: s.space.optimizer, "adam"),
        ("space.optimizer='adam'", lambda s: s.space.optimizer, "adam"),
        ("optimizer.momentum.beta=0.5", lambda s: s.optimizer["momentum"]["beta"], 0.5),
        (" data . rows = 70 ", lambda s: s.data.model_extra["rows"], 70),
        ("schedule.step={every=2}", lambda s: s.schedule["step"], {"every": 2}),
        ('description="a = b"', lambda s: s.description, "a = b"),
    ],
)
def test_an_override_replaces_or_adds_one_key(override, key, value):
    assert key(sweep(override)) == value


def test_the_last_override_of_a_key_wins():
    assert sweep("search.trials=3", "search.trials=4").search.trials == 4


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("search.trials", "--set 'search.trials': write it as dotted.key=value"),
        ("=3", "--set '=3': write it as dotted.key=value"),
        ("search..trials=3", "--set 'search..trials=3': write it as dotted.key=value"),
        ("space.batch_size=1,4", "'1,4' is not a TOML value; write a list in brackets, as in '[1,4]'"),
        ("space.optimizer=adam", "'adam' is not a TOML value; put text in quotes"),
        ("search.trials=", "'' is not a TOML value"),
        ("name.first=1", "'name' is a single value and has no keys"),
        ("search.trails=3", "unknown key search.trails: did you mean 'trials'?"),
    ],
)
def test_a_wrong_override_is_refused_in_one_line(override, line):
    with pytest.raises(UsageError) as problem:
        sweep(override)
    assert line in str(problem.value)
    assert "\n" not in str(problem.value)


# --- One-line errors


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("foo=1", "unknown key foo: known: batch_schedule, budget, claims, data"),
        ("desription='x'", "unknown key desription: did you mean 'description'?"),
        ("batch_size=[1,4]", "unknown key batch_size: did you mean 'space.batch_size'?"),
        ("budget.epoch=1", "unknown key budget.epoch: did you mean 'epochs'?"),
        ("space.batchsize=1", "unknown key space.batchsize: did you mean 'batch_size'?"),
        ("space.batch_size={lo=1,high=2}", "unknown key space.batch_size.lo: did you mean 'low'?"),
        ("space.learning_rate={low=0.1,high=1.0,stp=2}", "unknown key space.learning_rate.stp: did you mean 'step'?"),
        ("search.sampeler='grid'", "unknown key search.sampeler: did you mean 'sampler'?"),
        ("optimizer.momentum.beta={low=0.1,hgh=0.2}", "unknown key optimizer.momentum.beta.hgh: did you mean 'high'?"),
        ("schedule.step.every={low=1,hi=2}", "unknown key schedule.step.every.hi: did you mean 'high'?"),
        ("points=[{learningrate=0.1}]", "unknown key points[0].learningrate: did you mean 'learning_rate'?"),
        ("points=[{},{schedul='step'}]", "unknown key points[1].schedul: did you mean 'schedule'?"),
    ],
)
def test_an_unknown_key_is_reported_with_the_nearest_known_one(key, line):
    with pytest.raises(UsageError) as problem:
        sweep(key)
    assert str(problem.value).startswith(f"sweep: {line}")
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("data.validatoin=0.1", "unknown key data.validatoin: did you mean 'validation'?"),
        ("data.rws=3", "unknown key data.rws: did you mean 'rows'?"),
        ("model.scle=1.0", "unknown key model.scle: did you mean 'scale'?"),
    ],
)
def test_an_unknown_plugin_setting_is_reported_with_the_nearest_known_one(key, line):
    with pytest.raises(UsageError) as problem:
        SweepContext(sweep(key))
    assert str(problem.value) == line


def test_the_measure_table_can_be_removed():
    measuring = "[measure]\nmeasures = ['trace']\n"
    assert sweep(text=LINEAR + measuring).measure is not None
    off = sweep("measure=false", text=LINEAR + measuring)
    assert off.measure is None
    assert to_toml(off) == to_toml(sweep())


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("name='../up'", "name = '../up': give letters, digits, '.', '_' and '-' only, starting with a letter or digit"),
        ("name=3", "name = 3: give text in quotes"),
        ("data='digits'", "data must be a table: write [data], and its keys below"),
        ("optimizer='adam'", "optimizer must be a table: write [optimizer], and its keys below"),
        ("optimizer.adam=0.1", "optimizer.adam must be a table: write [optimizer.adam], and its keys below"),
        ("points=3", "points must be a list: write it in brackets, even with one value"),
        ("measure.measures='trace'", "measure.measures must be a list: write it in brackets, even with one value"),
        ("measure.measures=[]", "measure.measures is empty: give at least one value"),
        ("measure.which=[]", "measure.which is empty: give at least one value"),
        ("measure.rescale=inf", "measure.rescale = inf: give a finite number"),
        ("points=[3]", "points[0] must be a table"),
        ("budget.epochs=0", "budget.epochs = 0: must be above 0"),
        ("budget.epochs=1.5", "budget.epochs = 1.5: give a whole number"),
        ("budget.updates=3", "budget: give exactly one of epochs, updates, samples, seconds (given: epochs, updates)"),
        ("budget.length=3", "budget: length goes with a budget in seconds"),
        ("space.batch_size={}", "space.batch_size.low is missing: add it"),
        ("space.batch_size=[[8]]", "space.batch_size[0] = [8]: give a number, text in quotes or true or false"),
        ("search.replicates=0", "search.replicates = 0: must be above 0"),
        ("search.seed=-1", "search.seed = -1: must be at least 0"),
        ("search.generation=0", "search.generation = 0: must be above 0"),
        ("search={objective='train_loss',objectives=['train_loss']}", "search: give objective or objectives, not both"),
        ("search.objectives=[]", "search: objectives must name at least one objective, and each only once"),
        ("model.dtype='float16'", "model.dtype = 'float16': give 'float32' or 'float64'"),
        ("data.validation=1.0", "data.validation = 1.0: must be below 1"),
        ("data.split='tial'", "data.split = 'tial': give 'tail', 'random' or 'stratified'"),
    ],
)
def test_a_wrong_value_is_reported_with_its_dotted_key(override, line):
    with pytest.raises(UsageError) as problem:
        sweep(override)
    assert str(problem.value).startswith(f"sweep: {line}")
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("objective", "line"),
    [
        (
            "test_loss",
            "search.objective = 'test_loss': a search must not use the test rows; use validation_loss or validation_error",
        ),
        ("test_error", "a search must not use the test rows"),
        ("loss", "search.objective = 'loss' is not an objective; give one of: validation_loss, validation_error"),
    ],
)
def test_an_objective_must_be_known_and_not_of_the_test_part(objective, line):
    for override in (f"search.objective='{objective}'", f"search.objectives=['train_loss','{objective}']"):
        with pytest.raises(UsageError) as problem:
            sweep(override)
        assert line in str(problem.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "mine.toml: name is missing: add it"),
        ("name = 'x'", "mine.toml: data is missing: add it"),
        ("name = 'x'\n[data]\nname = 'digits'", "mine.toml: budget is missing: add it"),
        ("name = \n", "mine.toml is not valid TOML: Invalid value (at line 1, column 8)"),
        ("name = 'x'\n[data\n", "at line 2"),
        ("name = 'x'\nname = 'y'", "mine.toml is not valid TOML: Cannot overwrite a value"),
    ],
)
def test_a_broken_file_is_reported_with_its_name(text, line):
    with pytest.raises(UsageError) as problem:
        parse(text, where="mine.toml")
    assert line in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_recorded_claim_that_this_version_does_not_know_is_one_line():
    with pytest.raises(UsageError, match=r"^sweep\.toml of the results: claims\[0\]\.statistic = 'median': give 'mean', .*$"):
        recorded_claims('[[claims]]\nsays = "s"\nstatistic = "median"\nof = "train_loss"\n')
