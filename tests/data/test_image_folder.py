"""Folders of PNG and JPEG files: their images and classes, and one line for each fault of a file or folder."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data import DataSpec, Table, prepare
from sweepgd.data.user_files import load_file

Pillow = pytest.importorskip("PIL.Image")


def picture(seed: int, mode: str = "RGB", size: tuple[int, int] = (4, 3)):
    """A random image of a mode of Pillow, of width and height `size`."""
    channels = {"RGB": (3,), "RGBA": (4,), "LA": (2,), "L": ()}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], *channels)).astype("u1")
    return Pillow.fromarray(pixels)


def save(image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def load(path: Path, **keys) -> Table:
    return load_file(DataSpec(path=str(path), **keys))[0]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes of two images each."""
    for number, name in enumerate(("dog/b.png", "dog/a.PNG", "cat/1.png", "cat/0.png")):
        save(picture(number), tmp_path / "pets" / name)
    return tmp_path / "pets"


def test_classes_and_images_are_in_the_order_of_their_names(pets):
    (pets / "dog" / "notes.txt").write_text("x")
    (pets / ".hidden").mkdir()
    (pets / "loop").symlink_to(pets / "loop")
    table = load(pets)
    assert (table.classes, table.image) == (("cat", "dog"), (3, 4, 3))
    assert table.targets[:, 0].tolist() == [0, 0, 1, 1]
    expected = [np.asarray(picture(number)).reshape(-1) for number in (3, 2, 1, 0)]
    np.testing.assert_array_equal(table.inputs, expected)
    assert table.notes == (f"{pets}: left out, because they are not PNG or JPEG files: loop, dog/notes.txt",)
    assert prepare(DataSpec(path=str(pets), validation=0, test=0), reads_bytes=True).bytes


def test_grey_jpeg_files_with_training_and_test_folders(tmp_path):
    for number, name in enumerate(("train/a/0.jpg", "train/b/1.jpeg", "test/b/2.jpg")):
        save(picture(number, "L", (8, 8)), tmp_path / name)
    table = load(tmp_path)
    assert (table.image, len(table.inputs), len(table.test.inputs)) == ((8, 8, 1), 2, 1)
    assert table.test.targets.tolist() == [[1]]
    other = load(tmp_path / "train", test_path=str(tmp_path / "test"))
    np.testing.assert_array_equal(other.test.inputs, table.test.inputs)
    (tmp_path / "test" / "b").rename(tmp_path / "test" / "c")
    with pytest.raises(SweepgdError, match=r"test: class 'c' is not in .*train: rename the folder, or remove it"):
        load(tmp_path)


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def sixteen_bits(path: Path) -> None:
    save(Pillow.fromarray(np.arange(12, dtype="u2").reshape(3, 4) * 5000), path)


def deep_colours(path: Path) -> None:
    """Write a PNG file with 16 bits for a value, which Pillow reads as 8 bits and cannot write."""
    header, rows = struct.pack(">IIBBBBB", 4, 3, 16, 2, 0, 0, 0), bytes(3 * (1 + 4 * 3 * 2))
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    written = [struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(written))


FAULTS = {
    "damaged": (damage, r"cannot read .*dog/b.png: .*truncated"),
    "text": (lambda path: path.write_text("no image"), r"cannot read .*dog/b.png: cannot identify image file"),
    "size": (
        lambda path: save(picture(0, size=(5, 3)), path),
        r"dog/b.png has 5 × 3 pixels in colour, but .*cat/0.png has 4 × 3 pixels in colour: give all images one size and kind",
    ),
    "grey": (lambda path: save(picture(0, "L"), path), r"dog/b.png has 4 × 3 pixels in grey, but .*: give all images one size"),
    "alpha": (
        lambda path: save(picture(0, "RGBA"), path),
        r"dog/b.png has an alpha channel, but images are grey or RGB with 8 bits for a value: save it without, such as by",
    ),
    "grey and alpha": (lambda path: save(picture(0, "LA"), path), r"dog/b.png has an alpha channel, .*Image.convert\('L'\)"),
    "palette": (lambda path: save(picture(0).convert("P"), path), r"dog/b.png has a palette, but .*: save it as RGB"),
    "16 bits": (sixteen_bits, r"dog/b.png has 16 or more bits for a value, but .*: divide the values by 256"),
    "16 bits of colour": (deep_colours, r"dog/b.png has 16 or more bits for a value, but .*: divide the values by 256"),
    "link": (lambda path: (path.unlink(), path.symlink_to(path)), r"dog/b.png is not a file, or a link that leads to no file"),
    "no images": (lambda path: [file.unlink() for file in path.parent.iterdir()], r"dog: the class has no PNG or JPEG files"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_image_or_folder_is_refused_in_one_line(pets, fault):
    change, message = FAULTS[fault]
    change(pets / "dog" / "b.png")
    with pytest.raises(SweepgdError, match=message) as caught:
        load(pets)
    assert "\n" not in str(caught.value)


def test_folders_without_classes_and_keys_of_other_formats_are_refused(pets, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SweepgdError, match=r"empty: no folders of classes: put the images of each class into a folder"):
        load(tmp_path / "empty")
    with pytest.raises(UsageError, match=r"data.target is for CIFAR-100, but .* is a folder of images: remove data.target"):
        load(pets, target="fine")
    with pytest.raises(UsageError, match=r"data.test_path is the same as data.path: give another file or folder"):
        load(pets, test_path=str(pets))
