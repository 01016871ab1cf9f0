"""Studies of known effects: 3 batch sizes × 6 rates × 4 replicates, with effects of configurations, seeds and noise."""

import json

import numpy as np
from study_tables import Tables, run, trials

SIZES, RATES, REPLICATES = (16, 64, 256), (0.01, 0.02, 0.04, 0.08, 0.16, 0.32), 4
KINDS = {
    "independent": {},
    "correlated": {"seed": 1.0, "seed_by_size": 0.3},
    "diverged": {"diverged": 0.1},
    "unmatched": {"matching": False},
}


def study(
    number: int,
    effect: float,
    *,
    positive: bool = False,
    curved: bool = False,
    seed: float = 0.0,
    seed_by_size: float = 0.0,
    diverged: float = 0.0,
    matching: bool = True,
) -> Tables:
    """A study whose test loss rises by `effect` with each doubling of the batch size, plus effects with deviations of 0.3 of
    configurations and of runs.

    `seed` and `seed_by_size` are the deviations of effects that all runs of a seed, or of a seed and a batch size, share.
    `diverged` is the share of runs at the highest rate that diverge. Without `matching`, each configuration has a rate of its
    own. With `positive`, losses are exponentials. With `curved`, the loss is a function of the rate, lowest at the third one.
    """
    rng = np.random.default_rng(number)
    of_seed = seed * rng.standard_normal(REPLICATES)
    of_both = seed_by_size * rng.standard_normal((REPLICATES, len(SIZES)))
    rows = []
    for level, size in enumerate(SIZES):
        for place, rate in enumerate(RATES):
            rate = rate if matching else rate * float(np.exp(rng.uniform(0, 0.5)))
            of_configuration = (place - 2.4) ** 2 if curved else 0.3 * rng.standard_normal()
            for replicate in range(REPLICATES):
                noise = of_configuration + of_seed[replicate] + of_both[replicate, level] + 0.3 * rng.standard_normal()
                loss = effect * np.log2(size / 64) + noise
                loss = float(np.exp(loss)) if positive else float(loss)
                known = None if place == len(RATES) - 1 and rng.random() < diverged else loss
                settings = json.dumps({"configuration": {"batch_size": size, "learning_rate": rate}})
                columns = {"batch_size": size, "learning_rate": rate, "settings": settings, "test_loss": known}
                rows.append(run(level * len(RATES) + place, known, replicate, **columns))
    return Tables(trials(*rows))
