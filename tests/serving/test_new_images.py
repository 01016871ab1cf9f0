"""Predictions for images in files and folders."""

from pathlib import Path

import numpy as np
import pytest

import sweepgd
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.serving.new_images import are_images
from sweepgd.serving.prediction_table import of_file, of_part

Pillow = pytest.importorskip("PIL.Image")


def save(number: int, path: Path, size: tuple[int, int] = (3, 2)) -> None:
    """Write a grey image, whose values near `number` tell its class."""
    values = np.random.default_rng(number).integers(0, 100, size) + 100 * (number % 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(values.astype("u1")).save(path)


@pytest.fixture(scope="module")
def pets(tmp_path_factory) -> Path:
    """Twelve images of each of two classes, and four for the test."""
    folder = tmp_path_factory.mktemp("images") / "pets"
    for number in range(28):
        save(number, folder / ("train" if number < 24 else "test") / ("cat", "dog")[number % 2] / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def model(pets):
    out = pets.parent / "run"
    sweepgd.train(str(pets), "softmax", epochs=5, batch_size=4, out=out)
    return sweepgd.load(out).model()


def test_a_folder_of_the_classes_is_scored_as_the_test_part(pets, model):
    found, own = of_file(model, str(pets / "test")), of_part(model, "test")
    assert found.scores == own.scores
    columns = found.columns()
    assert columns["file"] == [str(pets / "test" / name) for name in ("cat/24.png", "cat/26.png", "dog/25.png", "dog/27.png")]
    assert list(columns) == ["file", "prediction", "p(cat)", "p(dog)"]
    assert {name: columns[name] for name in own.columns()} == own.columns()
    assert found.lines[-1].startswith(f"4 images of {pets / 'test'}: error ")


def test_a_file_and_a_folder_without_classes_have_no_error(pets, model):
    whole = of_file(model, str(pets / "test" / "dog"))
    (pets / "test" / "dog" / "notes.txt").write_text("x")
    noted = of_file(model, str(pets / "test" / "dog"))
    (pets / "test" / "dog" / "notes.txt").unlink()
    assert noted.lines == (f"{pets}/test/dog: left out, because they are not PNG or JPEG files: notes.txt",)
    single = of_file(model, str(pets / "test" / "dog" / "27.png"))
    assert (whole.scores, single.scores, single.lines) == (None, None, ())
    assert single.columns() == {name: values[1:] for name, values in whole.columns().items()}
    assert noted.columns() == whole.columns()


def test_images_that_do_not_fit_the_model_are_refused(pets, model, tmp_path):
    with pytest.raises(UsageError, match=r"pets: folder 'test' is not one of the model's classes cat, dog: give a folder of"):
        of_file(model, str(pets))
    save(1, tmp_path / "large" / "a.png", (4, 4))
    with pytest.raises(SweepgdError, match=r"a.png has 4 × 4 pixels in grey, but the model's training set has 2 × 3 pixels"):
        of_file(model, str(tmp_path / "large"))
    (tmp_path / "none" / "cat").mkdir(parents=True)
    with pytest.raises(SweepgdError, match=r"none: no PNG or JPEG files in it or in its folders of classes: add some"):
        of_file(model, str(tmp_path / "none"))
    with pytest.raises(SweepgdError, match=r"no such file: .*absent.JPG"):
        of_file(model, str(tmp_path / "absent.JPG"))
    assert not are_images(str(tmp_path / "rows.csv"))


def test_a_model_of_rows_refuses_images(pets, two):
    with pytest.raises(UsageError, match=r"test: the model 'mlp' was not trained on images: give a CSV, TSV or Parquet file"):
        of_file(two.model(), str(pets / "test"))
