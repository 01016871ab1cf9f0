"""The planned updates of a run are those that the run makes."""

import pytest
from linear_sweep import sweep

from sweepgd.study.planned_updates import run_plan_of
from sweepgd.sweep import configuration_of, space_of
from sweepgd.training.sweep_context import SweepContext


@pytest.mark.parametrize("budget", ["{epochs=3}", "{updates=11}", "{samples=50}"])
@pytest.mark.parametrize("last_batch", ["keep", "drop"])
def test_the_plan_is_that_of_the_run(budget, last_batch):
    spec = sweep(
        "space={optimizer='sgd',learning_rate=1.0,batch_size=5,schedule='cosine',warmup=0.7,schedule_after_warmup=true,"
        "batch_schedule='growth'}",
        "batch_schedule.growth={after=1,factor=2.0}",
        f"data.last_batch='{last_batch}'",
        f"budget={budget}",
        "budget.eval_every=1",
    )
    context = SweepContext(spec)
    configuration = configuration_of(next(space_of(context.sweep).grid()))
    run_plan = run_plan_of(configuration, spec.budget, context.data(0).rows, last_batch)
    run = context.training(configuration, 0).run()
    assert run_plan.rates.tolist() == [point.learning_rate for point in run.points[1:]]
    assert (run_plan.total, run_plan.samples) == (run.updates, run.samples)
    assert set(run_plan.sizes) <= {5, 10, 20, 34}
