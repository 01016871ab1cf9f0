"""The inverse of `configuration_of`: the point of a configuration, and None outside of the space."""

import pytest
from linear_sweep import sweep

from sweepgd.study.samplers import make
from sweepgd.sweep import configuration_of, point_of, points_of, space_of
from sweepgd.sweep.configuration import config_id_of

WIDE = (
    "space={batch_size=[4,'full'],learning_rate=[0.1,0.2],optimizer=['sgd','momentum','adamw'],warmup=[0,1.5],"
    "schedule=['constant','step'],batch_schedule=['constant','growth'],weight_decay=[0.0,0.01]}",
    "optimizer.momentum.beta={low=0.1,high=0.9,step=0.4}",
    "optimizer.adamw={learning_rate=[0.001,0.1],beta1=[0.5,0.9]}",
    "schedule.step={after=[1,2],factor=0.5}",
    "batch_schedule.growth.factor=[2.0,4.0]",
)
CONTINUOUS = ("space.weight_decay={low=0.0,high=1.0}", "space.optimizer=['sgd','momentum','adamw']")


def test_point_of_inverts_configuration_of_on_a_finite_space():
    space = space_of(sweep(*WIDE))
    assert space.countable == 2 * 2 * (1 + 2) * (1 + 2) * 2 * (2 + 2 * 3 + 2 * 2)
    points = list(space.grid())
    configurations = [configuration_of(point) for point in points]
    assert len({config_id_of(each.to_json()) for each in configurations}) == space.countable
    for place, (point, configuration) in enumerate(zip(points, configurations, strict=True)):
        assert point_of(configuration, space) == point
        assert space.index_of(point) == place


def test_point_of_inverts_configuration_of_on_continuous_axes():
    space = space_of(sweep(*CONTINUOUS))
    sampler = make("random", space, 0)
    for number in range(50):
        sampler.number = number
        point = space.ask(sampler)
        assert point_of(configuration_of(point), space) == point


@pytest.mark.parametrize(
    ("given", "inside"),
    [
        ("{optimizer='momentum',learning_rate=0.1,batch_size=10}", True),
        ("{optimizer='momentum',learning_rate=0.1,batch_size=10,hyperparameters={beta=0.9}}", True),  # its default
        ("{optimizer='momentum',learning_rate=0.1,batch_size=10,hyperparameters={beta=0.5}}", False),
        ("{optimizer='sgd',learning_rate=0.1,batch_size=11}", False),
        ("{optimizer='sgd',learning_rate=0.3,batch_size=10}", False),
        ("{optimizer='sgd',learning_rate=0.1,batch_size=10,warmup=1.0}", False),
        ("{optimizer='sgd',learning_rate=0.1,batch_size=10,weight_decay=0.1}", False),
        ("{optimizer='adam',learning_rate=0.1,batch_size=10}", False),
        ("{optimizer='adamw',learning_rate=0.1,batch_size=10}", True),
        ("{optimizer='adamw',learning_rate=0.1,batch_size=10,weight_decay=0.01}", True),  # the default of its own decay
        ("{optimizer='adamw',learning_rate=0.1,batch_size=10,hyperparameters={weight_decay=0.2}}", False),
    ],
)
def test_a_fixed_point_is_in_the_space_if_it_gives_the_same_configuration(given, inside):
    space = "space={batch_size=[5,10],learning_rate=[0.1,0.2],optimizer=['sgd','momentum','adamw']}"
    given_sweep = sweep(space, "optimizer={}", f"points=[{given}]")
    [point] = points_of(given_sweep, space_of(given_sweep))
    found = point_of(configuration_of(point), space_of(given_sweep))
    assert (found is not None) == inside
    assert found is None or configuration_of(found) == configuration_of(point)


def test_an_optimizers_own_weight_decay_is_found_on_the_shared_axis():
    space = "space={batch_size=5,learning_rate=0.1,optimizer='adamw',weight_decay=[0.1,0.2]}"
    given_sweep = sweep(space, "optimizer={}", "points=[{hyperparameters={weight_decay=0.2}}]")
    [point] = points_of(given_sweep, space_of(given_sweep))
    assert point_of(configuration_of(point), space_of(given_sweep))["weight_decay"] == 0.2
