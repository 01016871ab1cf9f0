"""Sweep files: found, read, overridden, compared, written back; and the line for each thing that is wrong in one."""

import tomllib

import pytest
from optional_data import skipped_without_data
from tiny import LINEAR, sweep

from sweepgd.lab import Lab
from sweepgd.problem import Problem, UsageProblem
from sweepgd.sweep import bundled, differences, load, parse, points_of, space_of, to_toml

# --- Reading


def test_a_sweep_is_found_by_file_or_by_name(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(LINEAR)
    assert load(str(path)) == parse(LINEAR)
    assert load("quickstart").name == "quickstart"


def test_a_file_goes_before_a_bundled_sweep_of_its_name_and_a_folder_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house_prices").mkdir()
    assert load("house_prices").name == "house_prices"
    (tmp_path / "quickstart").write_text(LINEAR)
    assert load("quickstart").name == "tiny"


@pytest.mark.parametrize("name", sorted(bundled()))
def test_every_bundled_sweep_is_valid_and_says_what_it_asks(name):
    found = load(name)
    assert found.name == name
    assert found.description
    assert found.source
    points_of(found, space_of(found))


def test_what_cannot_be_read_is_told_in_a_line(tmp_path):
    with pytest.raises(UsageProblem, match=r"^no sweep file 'quickstrt', nor a bundled sweep.*: did you mean 'quickstart'\?$"):
        load("quickstrt")
    with pytest.raises(Problem, match=r"cannot read .*: Is a directory$"):
        load(str(tmp_path))
    (tmp_path / "latin.toml").write_bytes("name = 'tiny é'".encode("latin-1"))
    with pytest.raises(Problem, match=r"cannot read .*latin\.toml: it is not UTF-8 text$"):
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
        ("space.optimizer=adam", "'adam' is not a TOML value; texts want quotes"),
        ("search.trials=", "'' is not a TOML value"),
        ("name.first=1", "'name' is a value and has no keys inside"),
        ("search.trails=3", "unknown key search.trails: did you mean 'trials'?"),
    ],
)
def test_a_wrong_override_is_refused_in_a_line(override, line):
    with pytest.raises(UsageProblem) as problem:
        sweep(override)
    assert line in str(problem.value)
    assert "\n" not in str(problem.value)


# --- One-line errors


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("foo=1", "unknown key foo: known: batch_schedule, budget, data"),
        ("desription='x'", "unknown key desription: did you mean 'description'?"),
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
def test_an_unknown_key_is_named_with_the_nearest_known_one(key, line):
    with pytest.raises(UsageProblem) as problem:
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
def test_an_unknown_key_beside_a_plugins_settings_is_named_once_the_plugin_is_known(key, line):
    with pytest.raises(UsageProblem) as problem:
        Lab(sweep(key))
    assert str(problem.value) == line


def test_what_a_file_measures_can_be_left_out():
    measuring = "[measure]\nmeasures = ['trace']\n"
    assert sweep(text=LINEAR + measuring).measure is not None
    off = sweep("measure=false", text=LINEAR + measuring)
    assert off.measure is None
    assert to_toml(off) == to_toml(sweep())


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("name='../up'", "name: String should match pattern"),
        ("name=3", "name: Input should be a valid string"),
        ("data='digits'", "data is a table: write [data], and its keys below"),
        ("optimizer='adam'", "optimizer is a table: write [optimizer], and its keys below"),
        ("optimizer.adam=0.1", "optimizer.adam is a table: write [optimizer.adam], and its keys below"),
        ("points=3", "points is a list: write it in brackets, also of one"),
        ("measure.measures='trace'", "measure.measures is a list: write it in brackets, also of one"),
        ("measure.measures=[]", "measure.measures is empty: give at least one"),
        ("measure.which=[]", "measure.which is empty: give at least one"),
        ("measure.rescale=inf", "measure.rescale = inf: give a finite number"),
        ("points=[3]", "points[0] is a table"),
        ("budget.epochs=0", "budget.epochs: Input should be greater than 0"),
        ("budget.epochs=1.5", "budget.epochs = 1.5: give a whole number"),
        ("budget.updates=3", "budget: give exactly one of epochs, updates, samples, seconds (given: epochs, updates)"),
        ("budget.length=3", "budget: length goes with a budget in seconds"),
        ("space.batch_size={}", "space.batch_size.low is missing: add it"),
        ("space.batch_size=[[8]]", "space.batch_size[0]: Input should be a valid number"),
        ("search.replicates=0", "search.replicates: Input should be greater than 0"),
        ("search.seed=-1", "search.seed: Input should be greater than or equal to 0"),
        ("search.generation=0", "search.generation: Input should be greater than 0"),
        ("search={objective='train_loss',objectives=['train_loss']}", "search: give objective or objectives, not both"),
        ("search.objectives=[]", "search: objectives must name at least one objective, and none twice"),
        ("model.dtype='float16'", "model.dtype: Input should be 'float32' or 'float64'"),
        ("data.validation=1.0", "data.validation: Input should be less than 1"),
        ("data.split='tial'", "data.split: Input should be 'tail', 'random' or 'stratified'"),
    ],
)
def test_a_wrong_value_is_told_by_its_dotted_key(override, line):
    with pytest.raises(UsageProblem) as problem:
        sweep(override)
    assert str(problem.value).startswith(f"sweep: {line}")
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("objective", "line"),
    [
        (
            "test_loss",
            "search.objective = 'test_loss': a search must not see the test part; use validation_loss or validation_error",
        ),
        ("test_error", "a search must not see the test part"),
        ("loss", "search.objective = 'loss': known: validation_loss, validation_error"),
    ],
)
def test_an_objective_is_a_known_one_and_never_of_the_test(objective, line):
    for override in (f"search.objective='{objective}'", f"search.objectives=['train_loss','{objective}']"):
        with pytest.raises(UsageProblem) as problem:
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
def test_a_broken_file_is_told_by_its_name(text, line):
    with pytest.raises(UsageProblem) as problem:
        parse(text, where="mine.toml")
    assert line in str(problem.value)
    assert "\n" not in str(problem.value)


# --- Round trip and differences


@pytest.mark.parametrize("name", ["tiny", *sorted(bundled())])
def test_a_sweep_written_and_read_again_is_the_same_sweep(name):
    given = sweep() if name == "tiny" else load(name)
    with skipped_without_data():
        lab = Lab(given)
    written = to_toml(lab.sweep)
    again = parse(written)
    assert to_toml(Lab(again).sweep) == written
    assert differences(again, lab.sweep) == []
    assert space_of(again) == space_of(given)
    assert points_of(again, space_of(again)) == points_of(given, space_of(given))


def test_what_is_written_has_every_default():
    written = tomllib.loads(to_toml(Lab(sweep()).sweep))
    assert written["data"]["rows"] == 50
    assert written["data"]["noise"] == 0.01
    assert written["data"]["validation"] == 0.15
    assert written["model"] == {"name": "linear", "dtype": "float32", "init": "normal", "scale": 0.01}
    assert written["budget"]["divergence"] == 1e4
    assert written["search"]["objective"] == "validation_loss"
    assert written["search"]["seed"] == 0


def test_differences_name_the_keys_that_compute_something_else():
    assert differences(sweep(), sweep("search.seed=1", "space.batch_size=[5,10]")) == [
        "search.seed: 0 before, 1 now",
        "space.batch_size: [5, 10, 20] before, [5, 10] now",
    ]
    assert differences(sweep(), sweep("data.noise=0.5")) == ["data.noise: 'not given' before, 0.5 now"]
    assert differences(sweep("space.learning_rate=0.1"), sweep())[0] == "space.learning_rate: 0.1 before, 'not given' now"
    assert differences(sweep(), sweep("schedule.step.every=2")) == ["schedule.step.every: 'not given' before, 2 now"]


@pytest.mark.parametrize("override", ["search.trials=50", "description='other'", "source='other'"])
def test_how_much_is_run_may_change(override):
    assert differences(sweep(), sweep(override)) == []
