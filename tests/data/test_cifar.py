"""Binary files of CIFAR: their images, labels and names of classes, and one line for each fault of a file."""

import io
import tarfile
from dataclasses import replace
from functools import partial
from hashlib import md5
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import platformdirs
import pytest

import sweepgd
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data import DataSpec, Table, cifar_sets, prepare
from sweepgd.data.user_files import load_file

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def images(rows: int, seed: int = 0) -> np.ndarray:
    """Images of bytes, (rows, height, width, channels)."""
    return np.random.default_rng(seed).integers(0, 256, (rows, 32, 32, 3)).astype("u1")


def binary(pixels: np.ndarray, *labels: list[int]) -> bytes:
    """The content of a binary file: for each image its labels, then its channels one after the other."""
    planes = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    return np.hstack([np.array(labels, "u1").T, planes]).tobytes()


def load(path: Path, **keys) -> Table:
    return load_file(DataSpec(path=str(path), **keys))[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of CIFAR-10, with few images."""
    for number in range(1, 6):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(binary(images(10, number), [(number + i) % 10 for i in range(10)]))
    (tmp_path / "test_batch.bin").write_bytes(binary(images(5, 9), [9, 8, 7, 6, 5]))
    (tmp_path / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    return tmp_path


def test_a_folder_has_all_training_files_in_order_and_a_test_file(folder):
    table = load(folder)
    assert (table.image, table.classes) == ((32, 32, 3), NAMES)
    assert table.inputs.dtype == np.uint8
    np.testing.assert_array_equal(table.inputs, np.concatenate([images(10, n) for n in range(1, 6)]).reshape(50, -1))
    assert table.targets[8:12, 0].tolist() == [9, 0, 2, 3]
    np.testing.assert_array_equal(table.test.inputs, images(5, 9).reshape(5, -1))
    assert table.test.targets[:, 0].tolist() == [9, 8, 7, 6, 5]
    named = prepare(DataSpec(name="cifar10", folder=str(folder), split="tail", validation=0), reads_bytes=True)
    np.testing.assert_array_equal(named.train.inputs, table.inputs)


def test_a_run_on_a_folder_is_evaluated_after_the_folder_moved(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "run"
    sets = ["data.validation=0.2"]
    sweepgd.train(str(folder), "softmax", epochs=1, batch_size=8, overrides=sets, out=out)
    now, model = folder.rename(folder.with_name("moved")), sweepgd.load(out).model()
    with pytest.raises(SweepgdError, match=r"no such file: .*, data.path of this sweep: give its new path with --data-path"):
        model.evaluate_part("test")
    assert model.evaluate_part("test", data_path=now).rows == 5


def test_a_single_file_has_numbers_as_classes_and_may_have_a_test_file(folder):
    (folder / "batches.meta.txt").unlink()
    table = load(folder / "data_batch_2.bin", test_path=str(folder / "test_batch.bin"))
    assert table.classes == tuple("0123456789")
    assert (len(table.inputs), len(table.test.inputs)) == (10, 5)
    (folder / "mine.bin").write_bytes((folder / "data_batch_1.bin").read_bytes())
    np.testing.assert_array_equal(load(folder / "mine.bin").inputs, images(10, 1).reshape(10, -1))


def test_cifar_100_has_fine_and_coarse_labels(tmp_path):
    (tmp_path / "train.bin").write_bytes(binary(images(3), [19, 0, 5], [99, 40, 41]))
    (tmp_path / "coarse_label_names.txt").write_text("\n".join(f"group {i}" for i in range(20)))
    assert load(tmp_path).targets[:, 0].tolist() == [99, 40, 41]
    coarse = load(tmp_path, target="coarse")
    assert (coarse.targets[:, 0].tolist(), coarse.classes[19]) == ([19, 0, 5], "group 19")
    assert len(load(tmp_path / "train.bin").classes) == 100


FAULTS = {
    "truncated": ("data_batch_3.bin", lambda content: content[:-1], "data_batch_3.bin: 30,729 bytes are not a whole number of"),
    "empty": ("test_batch.bin", lambda content: b"", "test_batch.bin: 0 bytes are not a whole number of images of CIFAR-10"),
    "mislabelled": (
        "data_batch_2.bin",
        lambda content: content[: 3073 * 2] + b"\x0a" + content[3073 * 2 + 1 :],
        "data_batch_2.bin: image 3 has the label 10, but CIFAR-10 has the classes 0 to 9: download it again",
    ),
    "names": ("batches.meta.txt", lambda content: b"cat\ndog\n", "batches.meta.txt: 2 different names for 10 classes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_in_one_line(folder, fault):
    name, change, message = FAULTS[fault]
    (folder / name).write_bytes(change((folder / name).read_bytes()))
    with pytest.raises(SweepgdError) as caught:
        load(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_of_a_folder_is_refused(folder):
    (folder / "data_batch_5.bin").unlink()
    assert load(folder).inputs.shape[0] == 40
    with pytest.raises(SweepgdError, match=r"data_batch_5\.bin is missing: give the folder of all its files in data\.folder"):
        prepare(DataSpec(name="cifar10", folder=str(folder)))
    (folder / "data_batch_2.bin").unlink()
    with pytest.raises(SweepgdError, match=r"data_batch_2\.bin is missing: download it again, or name one of the others"):
        load(folder)


def test_files_that_are_not_of_cifar_are_refused(tmp_path, folder):
    (tmp_path / "other.bin").write_bytes(bytes(5000))
    with pytest.raises(
        SweepgdError, match=r"other.bin: 5,000 bytes are not a whole number of images of CIFAR-10 \(3,073 bytes"
    ):
        load(tmp_path / "other.bin")
    with pytest.raises(UsageError, match=r'data.target = "fine", but .* is of CIFAR-10: remove data.target'):
        load(folder, target="fine")
    with pytest.raises(UsageError, match=r"data.target = 'label': the images of .* have labels: remove data.target"):
        load(folder, target="label")
    with pytest.raises(UsageError, match=r'the images of .* have classes: give "classification"'):
        DataSpec(path=str(folder), task="regression")
    with pytest.raises(UsageError, match=r"data.separator is for files of tables, but .* holds images"):
        load(folder, separator=";")
    with pytest.raises(SweepgdError, match=r"no such file or folder: .*nowhere"):
        load(tmp_path / "nowhere")


def test_named_data_are_downloaded_once_and_their_checksum_is_checked(folder, tmp_path_factory, monkeypatch):
    served, cache = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("cache")
    pytest.importorskip("pooch")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder, "cifar-10-batches-bin")
    (served / "cifar-10-binary.tar.gz").write_bytes(archive.getvalue())

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: cache)
    for digest, fault in ((md5(b"").hexdigest(), "does not match"), (md5(archive.getvalue()).hexdigest(), None)):
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served)) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}/"
            offered = replace(cifar_sets.CIFAR10, server=address, files={"cifar-10-binary.tar.gz": digest})
            monkeypatch.setattr(cifar_sets, "CIFAR10", offered)
            if fault:
                with pytest.raises(SweepgdError, match=rf"cannot download {address}cifar-10-binary.tar.gz: .*{fault}.*"):
                    prepare(DataSpec(name="cifar10"))
            else:
                assert prepare(DataSpec(name="cifar10")).classes == NAMES
            server.shutdown()
    assert prepare(DataSpec(name="cifar10")).classes == NAMES  # the server has gone
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: cache / "empty")
    with pytest.raises(SweepgdError, match=r"no connection to the server; download it elsewhere, and give the folder of the"):
        prepare(DataSpec(name="cifar10"))
