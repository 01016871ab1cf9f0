"""Every file of the zoo becomes the expected table, or is refused in the expected line."""

import numpy as np
import pytest
from data.zoo import arrays, delimited, parquet, tested, unreadable
from data.zoo.animal import Animal

from sweepgd.data import DataSpec, prepare
from sweepgd.problem import Problem

HOUSES = {
    "CSV": (delimited.READ, unreadable.REFUSED),
    "array": (arrays.READ, arrays.REFUSED),
    "Parquet": (parquet.READ, parquet.REFUSED),
    "test file": (tested.READ, tested.REFUSED),
}
READ = {f"{house}: {animal.name}": animal for house, (read, _) in HOUSES.items() for animal in read}
REFUSED = {f"{house}: {animal.name}": animal for house, (_, refused) in HOUSES.items() for animal in refused}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def prepared(animal: Animal, tmp_path):
    animal.make(tmp_path / animal.file)
    keys = {"target": "kind", "task": "classification", "validation": 0, "test": 0, "standardize": False}
    return prepare(DataSpec(path=animal.file, **keys | animal.asked), dtype="float64")


def test_every_animal_has_a_name_of_its_own():
    assert len(READ) + len(REFUSED) == sum(len(read) + len(refused) for read, refused in HOUSES.values()) > 60


@pytest.mark.parametrize("name", READ)
def test_a_file_that_is_read(name, tmp_path):
    animal = READ[name]
    data = prepared(animal, tmp_path)
    assert data.train.inputs.shape == animal.shape
    assert data.classes == animal.classes
    if animal.features is not None:
        assert data.features == animal.features
    if animal.first is not None:
        np.testing.assert_array_equal(data.train.inputs[0], animal.first)
    assert (None if data.test is None else len(data.test.inputs)) == animal.test
    if animal.first_test is not None:
        np.testing.assert_array_equal(data.test.inputs[0], animal.first_test)
    assert animal.notes in "\n".join(data.notes)
    assert bool(animal.notes) == bool(data.notes)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_refused(name, tmp_path):
    with pytest.raises(Problem) as refused:
        prepared(REFUSED[name], tmp_path)
    assert REFUSED[name].line in str(refused.value)
    assert "\n" not in str(refused.value)
