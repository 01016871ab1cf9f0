"""An invalid sweep gives one line on stderr, before any trial runs, and writes nothing."""

from pathlib import Path

import pytest
from linear_sweep import sweep_file
from refusals import assert_refused, files

from sweepgd.study import samplers

# Overrides, separated by spaces, and a fragment of the message.
WRONG = {
    # Keys and names
    "foo=1": "unknown key foo: known: ",
    "space.batchsize=1": "unknown key space.batchsize: did you mean 'batch_size'?",
    "data.validatoin=0.1": "unknown key data.validatoin: did you mean 'validation'?",
    "model.scle=0.1": "unknown key model.scle: did you mean 'scale'?",
    "optimizer.momentum.bta=0.1": "unknown key optimizer.momentum.bta: did you mean 'beta'?",
    "optimizer.adma.beta1=0.1": "unknown optimizer 'adma': did you mean 'adam'?",
    "space.optimizer='adamm'": "unknown optimizer 'adamm': did you mean 'adam'? installed: adadelta, adagrad, adam",
    "space.schedule='cosin'": "unknown schedule 'cosin': did you mean 'cosine'?",
    "space.batch_schedule='growt'": "unknown batch schedule 'growt': did you mean 'growth'?",
    "model.name='mpl'": "unknown model 'mpl': did you mean 'mlp'?",
    "data.name='digit'": "unknown dataset 'digit': did you mean 'digits'?",
    "search.sampler='randm'": "unknown sampler 'randm': did you mean 'random'?",
    "search.pruner='medain'": "unknown pruner 'medain': did you mean 'median'?",
    # Batch sizes
    "space.batch_size=0": "space.batch_size = 0: give a whole number from 1",
    "space.batch_size=-1": "space.batch_size = -1: give a whole number from 1",
    "space.batch_size=8.5": "space.batch_size = 8.5: give a whole number",
    "space.batch_size=[8,35]": 'batch_size 35 exceeds the 34 training rows: set at most 34, or "full"',
    "space.batch_size={low=1,high=64}": "batch_size 64 exceeds the 34 training rows",
    "space.batch_size={low=1,high=64,log=true,step=2}": "batch_size 64 exceeds the 34 training rows",
    "space.batch_size={low=1,high=8,step=0.5}": "step 0.5 is not a whole number",
    "space.batch_size=[8,8]": "give at least one value, and none twice",
    "points=[{batch_size=0,optimizer='sgd'}]": "points[0].batch_size = 0: give a whole number from 1",
    "points=[{batch_size=35,optimizer='sgd'}]": "batch_size 35 exceeds the 34 training rows",
    "points=[{optimizer='adamm'}]": "unknown optimizer 'adamm': did you mean 'adam'?",
    # Ranges and rates
    "space.learning_rate={low=1.0,high=0.1}": "low 1 is above high 0.1: swap them",
    "space.learning_rate={low=0,high=1.0,log=true}": "a log range cannot start at 0",
    "space.learning_rate={low=0.1,high=1.0,step=0}": "step 0 must be finite and above 0",
    "space.learning_rate={low=0.1,high=1.0,step=nan}": "step nan must be finite and above 0",
    "space.learning_rate=-0.1": "space.learning_rate = -0.1: must be at least 0",
    "space.learning_rate=0": "a learning rate of 0 learns nothing: give a rate above 0",
    "space.learning_rate=inf": "space.learning_rate = inf: give a finite number",
    "space.learning_rate='big'": "space.learning_rate = 'big': give a finite number",
    "space.learning_rate=[0.1,0.1]": "a value occurs twice",
    "space.optimizer=['sgd','sgd']": "a name occurs twice",
    "optimizer.momentum.beta=1.5": "optimizer.momentum.beta = 1.5: must be at least 0 and below 1",
    # Budget
    "budget.epochs=0": "budget.epochs = 0: must be above 0",
    "budget.stop_at=nan": "budget.stop_at = nan: give a finite number",
    "budget.stop_at=inf": "budget.stop_at = inf: give a finite number",
    "budget.updates=5": "give exactly one of epochs, updates, samples, seconds",
    "budget={seconds=1} space.schedule='cosine'": "schedule 'cosine' needs the length of the run, and the budget is in seconds",
    "budget={seconds=1} points=[{schedule='cosine',optimizer='sgd'}]": "schedule 'cosine' needs the length of the run",
    # Invalid numbers, and numbers out of bounds
    "budget.epochs=true": "budget.epochs = True: give a whole number",
    "budget.epochs=2.5": "budget.epochs = 2.5: give a whole number",
    "budget.epochs='2'": "budget.epochs = '2': give a whole number",
    "budget.epochs=1000000000001": "budget.epochs = 1000000000001: must be at most 1000000000000",
    "budget.goal=nan": "budget.goal = nan: give a finite number",
    "budget.goal=true": "budget.goal = True: give a number",
    "budget={seconds=inf}": "budget.seconds = inf: give a finite number",
    "budget={seconds=true}": "budget.seconds = True: give a number",
    "budget.divergence=true": "budget.divergence = True: give a number",
    "search.trials=true": "search.trials = True: give a whole number",
    "search.seed=true": "search.seed = True: give a whole number",
    "space.batch_size=true": "space.batch_size = True: give a whole number",
    "space.learning_rate={low=true,high=2}": "space.learning_rate.low = True: give a number",
    "space.warmup=true": "space.warmup = True: give a finite number",
    "space.warmup=1e308": "space.warmup = 1e+308: must be at least 0 and at most 1e+12",
    "optimizer.momentum.beta=true": "optimizer.momentum.beta = True: give a finite number",
    "points=[{optimizer='sgd',learning_rate=true}]": "points[0].learning_rate = True: give a number",
    "points=[{optimizer='sgd',batch_size=true}]": "points[0].batch_size = True: give a whole number",
    "points=[{optimizer='momentum',hyperparameters={beta=true}}]": "points[0].hyperparameters.beta = True: give a number",
    "measure.rescale=true": "measure.rescale = True: give a number",
    "measure.seed=true": "measure.seed = True: give a whole number",
    "search.trials=1" + 30 * "0": "--set search.trials: a whole number does not fit in 64 bits",
    "search.trials=" + 5000 * "1": "--set search.trials: a whole number does not fit in 64 bits",
    "search.trials=0x" + 5000 * "1": "--set search.trials: a whole number does not fit in 64 bits",
    "points=[{optimizer=-1" + 30 * "0" + "}]": "--set points: points.optimizer: a whole number does not fit in 64 bits",
    "search.trials=" + 900 * "[" + 900 * "]": "--set search.trials: tables or arrays are nested deeper than 16",
    "search.trials=" + 17 * "[" + 17 * "]": "--set search.trials: tables or arrays are nested deeper than 16",
    900 * "a." + "a=1": "tables or arrays are nested deeper than 16",
    # Search
    "search.replicates=0": "search.replicates = 0: must be above 0",
    "search.replicates=10001": "search.replicates = 10001: must be at most 10000",
    "search.generation=10001": "search.generation = 10001: must be at most 10000",
    "search.seed=-1": "search.seed = -1: must be at least 0",
    "search.seed=4294967296": "search.seed = 4294967296: must be below 4294967296",
    "data.seed=4294967296": "data.seed = 4294967296: must be below 4294967296",
    "search.generation=0": "search.generation = 0: must be above 0",
    "search.trials=0": "search.trials = 0: must be above 0",
    "search.objectives=['validation_loss','train_loss'] search.pruner='median'": "the median pruner supports one objective",
    "search.objective='test_loss'": "a search must not use the test rows",
    "search.objective='steps_to_goal'": "search.objective = 'steps_to_goal' needs a goal: set budget.goal",
    "search.objective='validation_error'": "these data are not for classification: use validation_loss",
    "search.objective='validation_loss' data.validation=0.0": "there are no validation rows",
    "search.sampler='grid'": "a grid needs steps, and learning_rate is a range without a step: give it a step, or a list",
    "search.sampler='cmaes'": "the cmaes sampler searches only ranges, but optimizer is a list: give one value, or use tpe",
    # Data and model
    "data.validation=0.6 data.test=0.5": "0.6 and data.test 0.5 leave no training rows: give two shares with a sum below 1",
    "data.rows=2": "2 rows minus 1 for validation and 1 for the test leaves no training rows",
    "data.subset=51": "data.subset = 51: synthetic_linear has only 50 rows: give a smaller number",
    "data.split='stratified'": 'data.split = "stratified" is for classification',
    "data.label_noise=0.1": "data.label_noise is for classification",
    "data.path='x.csv'": "[data] needs either name (a data set, such as",
    "data.target='y'": "data.target is for a file (data.path), but data.name is ",
    "data.name='iris' data.target='y'": "unknown dataset 'iris': did you mean 'digits'?",
    "model.name='softmax'": "model 'softmax' is for classification, but the data are for regression",
    "model.name='mlp' model.loss='softmax'": "model.loss = 'softmax' does not fit these data",
    "model.name='mlp' model.hidden=[0]": "model.hidden = 0: must be at least 1",
    "model.name='mlp' model.hidden=[9000000000000000000]": "must be at least 1 and of at most 15 digits",
    "model.name='mlp' model.hidden=[4000000000,4000000000]": "the model would have 1.6e+19 parameters, more than any machine",
    "model.name='mlp' model.hidden=[1000000000000]": "would have 4,000,000,000,001 parameters and take ",
    # Other errors
    "data='digits'": "data must be a table: write [data], and its keys below",
    "name='../up'": "name = '../up': give letters, digits, '.', '_' and '-' only, starting with a letter or digit",
}


@pytest.mark.parametrize("sets", WRONG, ids=lambda sets: sets[:60])
@pytest.mark.parametrize("flags", [(), ("--dry-run",)], ids=["run", "dry"])
def test_an_invalid_sweep(run, tmp_path, sets, flags):
    path = sweep_file(tmp_path)
    before = files()
    given = [part for override in sets.split(" ") for part in ("--set", override)]
    assert_refused(run("search", path, *given, *flags), 2 if sets != "data.rows=2" else 1, WRONG[sets])
    assert files() == before


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "bad.toml: name is missing: add it"),
        (
            "name = 'x'\n[data\n",
            "bad.toml is not valid TOML: Expected ']' at the end of a table declaration (at line 2, column 6)",
        ),
        (f"name = {5000 * '1'}", "bad.toml is not valid TOML: a whole number does not fit in 64 bits"),
        (f"name = {900 * '['}{900 * ']'}", "bad.toml is not valid TOML: tables or arrays are nested deeper than 16"),
        (f"[{'a.' * 2000}a]", "bad.toml is not valid TOML: tables or arrays are nested deeper than 16"),
    ],
    ids=["empty", "open", "digits", "arrays", "tables"],
)
def test_a_broken_sweep_file(run, tmp_path, text, line):
    (tmp_path / "bad.toml").write_text(text)
    before = files()
    assert_refused(run("search", "bad.toml"), 2, line)
    assert files() == before


@pytest.mark.parametrize("flags", [(), ("--dry-run",)], ids=["run", "dry"])
@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("space.batchsize=1", "unknown key space.batchsize: did you mean 'batch_size'?"),
        ("optimizer.momentum.bta=0.1", "unknown key optimizer.momentum.bta: did you mean 'beta'?"),
        ("optimizer.momentum.beta=1.5", "optimizer.momentum.beta = 1.5: must be at least 0 and below 1"),
        ("model.scle=0.1", "unknown key model.scle: did you mean 'scale'?"),
        ("data.rws=3", "unknown key data.rws: did you mean 'rows'?"),
        ("data.target='y'", "data.target is for a file (data.path), but data.name is 'synthetic_linear': remove data.target"),
    ],
    ids=lambda text: text.split("=")[0],
)
def test_the_message_of_a_key_begins_with_the_sweep_file(run, tmp_path, key, line, flags):
    path = sweep_file(tmp_path)
    assert run("search", path, "--set", key, *flags).err == f"sweepgd: {path}: {line}\n"


def test_a_sweep_that_does_not_exist(run, tmp_path):
    (tmp_path / "folder").mkdir()
    assert_refused(
        run("search", "quickstrt"), 2, "no sweep file 'quickstrt', and no bundled sweep", "did you mean 'quickstart'?"
    )
    assert_refused(run("search", "folder"), 1, "cannot read folder: Is a directory")
    assert files() == {Path("folder")}


def test_a_missing_extra(run, tmp_path, monkeypatch):
    path = sweep_file(tmp_path)
    before = files()
    monkeypatch.setattr(samplers, "find_spec", lambda package: None)
    for name, package in (("cmaes", "cmaes"), ("gp", "torch")):
        refused = run("search", path, "--sampler", name)
        assert_refused(refused, 1, f"the {name} sampler needs the package {package}: install sweepgd[{name}]")
    assert files() == before
