"""A results directory as event files of TensorBoard, read with its own messages."""

import struct

import pytest
from recorded import STARTED, finished, write

from sweepgd import SweepgdError, load
from sweepgd.study import tensorboard_export


@pytest.fixture
def directory(tmp_path):
    trials = [finished(0, replicates=2), finished(1, status="diverged", validation_loss=None)]
    write(tmp_path / "run", [trials])
    return tmp_path / "run"


def summaries(folder):
    """Return (tag, update, time, value) of each number in the event file of a run, and its settings by name."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

    numbers, settings, start = [], {}, 0
    (path,) = folder.iterdir()
    data = path.read_bytes()
    while start < len(data):
        (length,) = struct.unpack_from("<Q", data, start)
        event = Event.FromString(data[start + 12 : start + 12 + length])  # after the length and its checksum
        start += length + 16
        for value in event.summary.value:
            if value.tag == "_hparams_/session_start_info":
                found = HParamsPluginData.FromString(value.metadata.plugin_data.content).session_start_info.hparams
                settings = {name: setting.string_value or setting.number_value for name, setting in found.items()}
            elif not value.tag.startswith("_hparams_"):
                numbers.append((value.tag, event.step, event.wall_time, value.simple_value))
    return numbers, settings


def test_every_run_has_its_curve_its_settings_and_its_final_losses(run, directory):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    (directory / "tensorboard" / "old").mkdir(parents=True)
    shown = run("dashboard", str(directory), "--tensorboard")
    folder = directory / "tensorboard"
    assert shown.out.splitlines() == [
        f"Wrote {folder}, event files for TensorBoard",
        f"To see it: tensorboard --logdir {folder}",
    ]
    assert {path.name for path in folder.iterdir()} == {"0-0", "0-1", "1-0"}
    results = load(directory)
    curve = [row for row in results.curves.to_pylist() if (row["trial"], row["replicate"]) == (0, 1)]
    row = results.trials.to_pylist()[1]
    numbers, settings = summaries(folder / "0-1")
    began = STARTED.timestamp()
    assert numbers[:-1] == [
        ("validation_loss", point["update"], began, pytest.approx(point["validation_loss"])) for point in curve
    ]
    assert (numbers[-1][0], numbers[-1][-1]) == ("end/validation_loss", pytest.approx(row["validation_loss"]))
    assert settings == {
        "status": "completed", "optimizer": "momentum", "batch_size": 8.0, "learning_rate": 0.1, "momentum": 0.9
    }  # fmt: skip
    numbers, settings = summaries(folder / "1-0")
    assert settings["status"] == "diverged"
    assert not [tag for tag, *_ in numbers if tag.startswith("end/")]


def test_without_tensorboardx_nothing_is_written(directory, monkeypatch):
    monkeypatch.setattr(tensorboard_export, "find_spec", lambda name: None)
    with pytest.raises(SweepgdError, match=r"^event files need the package tensorboardX: install sweepgd"):
        tensorboard_export.write_events(directory)
    assert not list(directory.glob("*tensorboard*"))
