"""The data sets that scikit-learn bundles: digits, breast cancer, wine and diabetes."""

from collections.abc import Callable

import numpy as np

from sweepgd.data.contract import Dataset, Table


def _loader(function: str) -> Callable[[np.random.Generator], Table]:
    def load(rng: np.random.Generator) -> Table:
        import sklearn.datasets

        bunch = getattr(sklearn.datasets, function)()
        classes = tuple(str(name) for name in bunch.get("target_names", ()))
        features = tuple(str(name) for name in bunch.feature_names)
        image = (*bunch.images.shape[1:], 1) if "images" in bunch else None
        return Table(bunch.data, bunch.target[:, None].astype(np.float64), features, classes, image=image)

    return load


digits = Dataset(
    name="digits",
    task="classification",
    load=_loader("load_digits"),
    settings=(),
    description="1,797 handwritten digits of 8 by 8 pixels with values from 0 to 16",
    source="Alpaydin & Kaynak 1998, UCI Optical Recognition of Handwritten Digits; in scikit-learn",
)

breast_cancer = Dataset(
    name="breast_cancer",
    task="classification",
    load=_loader("load_breast_cancer"),
    settings=(),
    description="569 tumours, malignant or benign, described by 30 measures of cell nuclei",
    source="Wolberg et al. 1995, UCI Breast Cancer Wisconsin (Diagnostic); in scikit-learn",
)

wine = Dataset(
    name="wine",
    task="classification",
    load=_loader("load_wine"),
    settings=(),
    description="178 wines of 3 cultivars, described by 13 chemical measures; sorted by cultivar",
    source="Aeberhard & Forina 1992, UCI Wine; in scikit-learn",
)

diabetes = Dataset(
    name="diabetes",
    task="regression",
    load=_loader("load_diabetes"),
    settings=(),
    description="442 patients: disease progression after a year, from 10 measures",
    source="Efron et al. 2004, Least angle regression; in scikit-learn",
)
