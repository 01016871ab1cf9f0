"""Model files: what is saved is loaded again, and any other file is refused in one line."""

import json
import random

import numpy as np
import pytest

from sweepgd import Model
from sweepgd.core.errors import SweepgdError
from sweepgd.serving.model_file import arrays_of

EACH_KIND = 150


def test_a_saved_model_is_loaded_bit_for_bit(model, tmp_path):
    model.save(tmp_path / "m.npz")
    again = Model.load(tmp_path / "m.npz")
    assert again.header == model.header
    for name, array in arrays_of(model).items():
        np.testing.assert_array_equal(arrays_of(again)[name], array)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        header = json.loads(archive["header"].tobytes())
    widths = (6, 4, 3 if len(model.classes) == 3 else 1)
    assert header["layers"] == [
        {"layer": "dense", "inputs": widths[0], "outputs": widths[1]},
        {"layer": "relu"},
        {"layer": "dense", "inputs": widths[1], "outputs": widths[2]},
    ]


def test_a_damaged_file_is_one_line_or_the_same_model(two, tmp_path):
    """Every byte may be another one, or the file may end anywhere."""
    model, file = two.model(), tmp_path / "m.npz"
    model.save(file)
    content, rng, refused = file.read_bytes(), random.Random(5), 0
    for number in range(2 * EACH_KIND):
        damaged = bytearray(content)
        at = rng.randrange(len(content))
        if number < EACH_KIND:
            damaged[at] ^= 1 << rng.randrange(8)
        else:
            del damaged[at:]
        file.write_bytes(damaged)
        try:
            found = Model.load(file)
        except SweepgdError as error:
            problem = str(error)
        else:
            np.testing.assert_array_equal(found.parameters, model.parameters)
            assert found.header == model.header
            continue
        assert str(file) in problem
        assert "\n" not in problem
        refused += 1
    assert refused > 1.8 * EACH_KIND  # what an archive says of its members' times and the like is not read


def written(file, model, **changes):
    """Write the arrays of a model, with other keys of the header or other arrays."""
    arrays = arrays_of(model)
    header = json.loads(arrays["header"].tobytes())
    for name, value in changes.items():
        if name in arrays:
            arrays[name] = value
        else:
            header[name] = value
    np.savez(file, **arrays | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)})


def test_foreign_and_newer_files_are_named(two, tmp_path):
    model = two.model()
    refused = {
        "newer": ({"version": 2}, "has format version 2, and this sweepgd reads versions up to 1: install a newer sweepgd"),
        "foreign": ({"format": "other"}, "is not a model of sweepgd"),
        "key": ({"task": "ranking"}, "is damaged: task: Input should be 'regression' or 'classification'"),
        "weights": ({"parameters": model.parameters[1:]}, "is damaged: its parts do not fit together"),
        "nan": ({"parameters": model.parameters * np.float32("nan")}, "is damaged: its parts do not fit together"),
        "scale": ({"scale": 0 * model.scaling[1]}, "is damaged: its parts do not fit together"),
        "columns": ({"columns": model.header.columns[1:]}, "is damaged: its parts do not fit together"),
        "levels": ({"levels": {"sex": ["f"]}}, "is damaged: its parts do not fit together"),
        "fill": ({"imputed": model.header.imputed | {"sex": "x"}}, "is damaged: its parts do not fit together"),
        "mark": ({"imputed": model.header.imputed | {"other": 1.0}}, "is damaged: its parts do not fit together"),
        "layers": ({"layers": []}, "the weights do not fit the layers of the installed model 'mlp': export the model again"),
        "absent": ({"name": "alexnet", "distribution": "nets 1.0"}, "model 'alexnet' of nets 1.0 is not installed"),
    }
    for name, (changes, message) in refused.items():
        file = tmp_path / f"{name}.npz"
        written(file, model, **changes)
        with pytest.raises(SweepgdError) as caught:
            Model.load(file)
        assert message in str(caught.value), name


def test_pickled_arrays_and_other_archives_are_refused(tmp_path):
    np.savez(tmp_path / "objects.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(SweepgdError, match=r"array 'header' holds Python objects: objects are not read, because"):
        Model.load(tmp_path / "objects.npz")
    np.savez(tmp_path / "deep.npz", header=np.frombuffer(b"[" * 100_000, np.uint8))
    with pytest.raises(SweepgdError, match=r"deep\.npz is not a model of sweepgd: sweepgd export"):
        Model.load(tmp_path / "deep.npz")
    np.savez(tmp_path / "data.npz", x=np.zeros(3))
    with pytest.raises(SweepgdError, match=r"data\.npz is not a model of sweepgd: sweepgd export"):
        Model.load(tmp_path / "data.npz")
    (tmp_path / "text.npz").write_text("a,b\n1,2\n")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "sweep.toml").write_text("")
    for name, message in (
        ("text.npz", "is not a model of sweepgd, or is incomplete"),
        ("none.npz", "no such file"),
        (".", "is a folder: give a model file, which sweepgd export DIR -o FILE.npz writes"),
        ("study", r"study is a study: write its best model with sweepgd export .*study -o model\.npz first"),
    ):
        with pytest.raises(SweepgdError, match=message):
            Model.load(tmp_path / name)


def test_another_suffix_and_an_absent_folder_are_named(two, tmp_path):
    with pytest.raises(SweepgdError, match=r"m\.pt: a model file ends in \.npz or \.onnx"):
        two.model().save(tmp_path / "m.pt")
    with pytest.raises(SweepgdError, match=r"cannot write .*nowhere: No such file"):
        two.model().save(tmp_path / "nowhere" / "m.npz")
