"""Settings of model and data in `[space]`: their axes, configurations and fixed points, and what is refused."""

import re
import tomllib

import pytest
from linear_sweep import sweep
from sweep.minimal_sweep import configurations, grid, space

from sweepgd.core.errors import UsageError
from sweepgd.sweep import configuration_of, parse, point_of, points_of, space_of, to_toml
from sweepgd.sweep.configuration import config_id_of
from sweepgd.sweep.setting_axes import MOST_CHOICES, choices, in_words
from sweepgd.training.sweep_context import SweepContext

MLP = ("space.optimizer='sgd'", "space.learning_rate=0.1")
WIDTHS = ("space.model.hidden=[[4],[8,4]]", "space.data={rows=[50,60]}")


def test_lists_texts_and_ranges_are_axes_before_all_others():
    found = space(*WIDTHS, "space.model.init_scale={low=0.5,high=2.0,log=true}", "space.model.activation=['relu','tanh']")
    assert [axis.name for axis in found.axes][:4] == ["model.hidden", "model.init_scale", "model.activation", "data.rows"]
    hidden, scale, activation, rows = found.axes[:4]
    assert hidden.values == ("[4]", "[8, 4]")
    assert (scale.low, scale.high, scale.log) == (0.5, 2.0, True)
    assert activation.values == ("relu", "tanh")
    assert rows.values == (50, 60)


def test_dotted_keys_and_tables_are_the_same():
    table = '[space]\nmodel.hidden = [[4], [8]]\n[space.data]\nsubset = 40\n[data]\nname = "digits"\n[budget]\nepochs = 1\n'
    dotted = sweep("space.model.hidden=[[4],[8]]", "space.data.subset=40", text=f'name="one"\n{BARE}')
    assert parse(f'name = "one"\n{table}').space == dotted.space


BARE = '[data]\nname = "digits"\n[budget]\nepochs = 1\n'


def test_each_point_has_a_configuration_of_its_own_and_is_found_again():
    found = grid(*MLP, *WIDTHS)
    assert [(each.model, each.data) for each in found] == [
        ({"hidden": (4,)}, {"rows": 50}),
        ({"hidden": (4,)}, {"rows": 60}),
        ({"hidden": (8, 4)}, {"rows": 50}),
        ({"hidden": (8, 4)}, {"rows": 60}),
    ]
    assert len({config_id_of(each.to_json()) for each in found}) == 4
    points = space(*MLP, *WIDTHS)
    assert [point_of(each, points) for each in found] == list(points.grid())
    assert point_of(configuration_of(points.at(0)), space(*MLP)) is None


def test_a_configuration_without_such_settings_has_the_text_of_earlier_versions():
    assert grid(*MLP)[0].to_dict().keys() & {"model", "data"} == set()


def test_a_fixed_point_has_its_own_settings_or_the_fixed_ones_or_the_default():
    given = (*MLP, "space.model={hidden=[[4],[8]],activation='tanh'}", "space.data={subset=[30,40]}")
    own_settings = "optimizer='sgd'\nmodel={hidden=[3],scale=0.1}\ndata={subset=20}"
    plain, own = configurations("optimizer='sgd'", own_settings, sets=given)
    assert (plain.model, plain.data) == ({"hidden": (64,), "activation": "tanh"}, {})  # the default subset is all rows
    assert (own.model, own.data) == ({"hidden": (3,), "activation": "tanh", "scale": 0.1}, {"subset": 20})


def test_the_recorded_sweep_has_varied_settings_in_the_space_alone():
    context = SweepContext(sweep("model={name='mlp'}", *WIDTHS, "space.data.label_noise=0.0", text=MOONS))
    written = tomllib.loads(to_toml(context.sweep))
    assert written["space"]["model"] == {"hidden": [[4], [8, 4]]}
    assert not {"hidden"} & written["model"].keys()
    assert not {"rows", "label_noise"} & written["data"].keys()
    again = SweepContext(parse(to_toml(context.sweep)))
    assert to_toml(again.sweep) == to_toml(context.sweep)
    assert space_of(again.sweep) == space_of(context.sweep)
    assert points_of(again.sweep, space_of(again.sweep)) == []


MOONS = 'name="moons"\n[data]\nname="moons"\nsplit="tail"\n[budget]\nepochs=1\n[space]\noptimizer="sgd"\nlearning_rate=0.1\n'


def test_the_choices_hold_each_combination_of_a_kind_and_the_ends_of_many():
    few = list(choices(sweep("model={name='mlp'}", *WIDTHS, text=MOONS)))
    assert [in_words(choice) for choice in few] == [
        "model.hidden = [4], data.rows = 50",
        "model.hidden = [4], data.rows = 60",
        "model.hidden = [8, 4], data.rows = 50",
    ]
    many = list(choices(sweep("space.data.rows={low=50,high=1000}", "space.data.noise={low=0.0,high=0.3}", text=MOONS)))
    assert [dict(choice.data) for choice in many] == [
        {"rows": rows, "noise": noise} for rows in (50, 1000) for noise in (0.0, 0.3)
    ]
    assert len(many) <= MOST_CHOICES
    assert list(choices(sweep())) == []


def checked(*overrides):
    given = sweep(*overrides, text=MOONS)
    points_of(given, space_of(given))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("space.model.hiden=[[3]]", "unknown key space.model.hiden: did you mean 'hidden'?"),
        ("space.model.dtype=['float32']", "model.dtype and space.model.dtype are the same setting: give only one of them"),
        ("model.hidden=[5]", "model.hidden and space.model.hidden are the same setting: give only one of them"),
        ("space.model.name=['mlp']", "space.model.name may not vary, because the trials of a sweep share it: give model.name"),
        ("space.model.hidden=[32]", "space.model.hidden: each value is a list: give a list of lists, such as [[64]]"),
        ("space.model.hidden=[[0]]", "space.model.hidden = 0: must be at least 1"),
        ("space.model.hidden=[[4],[4]]", "space.model.hidden = [[4], [4]]: give at least one value, and none twice"),
        ("space.model.init_scale=-1", "space.model.init_scale = -1: must be at least 0"),
        ("space.model.activation=['rel']", "space.model.activation = 'rel': did you mean 'relu'?"),
        ("space.data.path='x'", "space.data.path may not vary, because the trials of a sweep share it: give data.path instead"),
        ("space.data.seed=[1]", "space.data.seed may not vary, because the trials of a sweep share it: give data.seed instead"),
        ("space.data.rowz=[1]", "unknown key space.data.rowz: did you mean 'rows'?"),
        ("space.data.label_noise=2", "space.data.label_noise = 2: must be at least 0 and at most 1"),
        ("space.data.subset=[1.5]", "space.data.subset = 1.5: give a whole number"),
        ("space.data.rows={lo=3}", "unknown key space.data.rows.lo: did you mean 'low'?"),
        ("points=[{optimizer='sgd',model={hiden=[3]}}]", "unknown key points[0].model.hiden: did you mean 'hidden'?"),
        ("points=[{optimizer='sgd',data={seed=3}}]", "points[0].data.seed may not vary"),
    ],
)
def test_an_invalid_setting_is_refused_with_its_key(override, message):
    varied = "space.model={hidden=[[4],[8]]}"
    model = "model.dtype='float32'" if "dtype" in override else "model={}"
    with pytest.raises(UsageError, match=re.escape(message)):
        checked(model, varied, override)
