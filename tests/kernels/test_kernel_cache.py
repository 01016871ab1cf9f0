"""The cache of compiled kernels: damaged entries are compiled again, and entries writable by other users are not loaded."""

import os
import subprocess
import sys
import warnings
from pathlib import Path
from subprocess import PIPE
from threading import Thread

import pytest
from numba import types

from sweepgd.core import disk_cache
from sweepgd.kernels import compiling, kernel_cache

pytestmark = pytest.mark.skipif(compiling.config.DISABLE_JIT, reason="nothing is compiled")

SIGNATURE = types.int64(types.int64)


def thrice(x):
    return 3 * x


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache that holds `thrice`."""
    monkeypatch.setattr(kernel_cache, "root", lambda: tmp_path / "kernels")
    assert compiling.compiled(thrice, SIGNATURE)(2) == 6
    return tmp_path / "kernels"


def test_a_kernel_in_the_cache_is_not_compiled_again(folder):
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    assert compiling.is_compiled(thrice, SIGNATURE)
    kernel = compiling.compiled(thrice, SIGNATURE)
    assert (kernel(2), kernel.stats.cache_hits.total()) == (6, 1)
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before


def write_zeros(path):
    data = bytearray(path.read_bytes())
    at = data.index(b"\x7fELF") + 64
    data[at : at + 400] = bytes(400)
    path.write_bytes(data)


DAMAGE = {
    "empty index": ("*.nbi", lambda path: path.write_bytes(b"")),
    "torn index": ("*.nbi", lambda path: path.write_bytes(path.read_bytes()[:40])),
    "no index": ("*.nbi", Path.unlink),
    "empty code": ("*.nbc", lambda path: path.write_bytes(b"")),
    "zeros in the code": ("*.nbc", write_zeros),
    "empty digest file": (disk_cache.DIGEST_FILE, lambda path: path.write_bytes(b"")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_compiled_again(folder, damage):
    pattern, damage_file = DAMAGE[damage]
    (path,) = folder.rglob(pattern)
    damage_file(path)
    assert not compiling.is_compiled(thrice, SIGNATURE)
    kernel = compiling.compiled(thrice, SIGNATURE)
    assert (kernel(2), kernel.stats.cache_hits.total()) == (6, 0)
    assert compiling.compiled(thrice, SIGNATURE).stats.cache_hits.total() == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("pattern", ["*.nbi", "*.nbc", "*thrice*"])
def test_files_of_another_user_are_not_loaded(folder, pattern):
    os.chown(next(folder.rglob(pattern)), 12345, -1)
    assert not compiling.is_compiled(thrice, SIGNATURE)
    assert compiling.compiled(thrice, SIGNATURE).stats.cache_hits.total() == 0
    assert compiling.compiled(thrice, SIGNATURE).stats.cache_hits.total() == 1
    assert {path.stat().st_uid for path in folder.rglob("*")} == {os.getuid()}


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_an_entry_writable_by_others_is_not_loaded(folder, mode):
    (entry,) = (path.parent for path in folder.rglob(disk_cache.DIGEST_FILE))
    entry.chmod(mode)
    assert not compiling.is_compiled(thrice, SIGNATURE)
    assert compiling.compiled(thrice, SIGNATURE).stats.cache_hits.total() == 0
    assert entry.stat().st_mode & 0o077 == 0


@pytest.fixture
def root(monkeypatch, short_folder):
    """A function that returns `cache.root()` for a configured folder, and its warnings; temporary files go to `short`."""

    def root_for(configured):
        monkeypatch.setattr(kernel_cache.config, "CACHE_DIR", str(configured))
        monkeypatch.setattr(kernel_cache, "gettempdir", lambda: str(short_folder))
        with warnings.catch_warnings(record=True) as messages:
            warnings.simplefilter("always")
            return kernel_cache.root.__wrapped__(), [str(one.message) for one in messages]

    return root_for


def test_a_private_cache_is_used_without_a_warning(root, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "own")
    (tmp_path / "own").mkdir(mode=0o755)
    assert root(tmp_path / "link") == (tmp_path / "own", [])


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_cache_writable_by_others_is_replaced_by_a_private_one(root, tmp_path, short_folder, mode):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    own = short_folder / f"sweepgd-kernels-{os.getuid()}"
    reason = "belongs to another user or is writable by others, who could put code there"
    message = f"{shared} {reason}, so compiled kernels go to {own}: set NUMBA_CACHE_DIR to a permanent folder of your own"
    assert root(shared) == (own, [message])
    assert own.stat().st_mode & 0o777 == 0o700
    own.chmod(0o777)
    used, (message,) = root(shared)
    assert (used, "so every process compiles all kernels again: set NUMBA_CACHE_DIR" in message) == (None, True)


def test_a_kernel_is_compiled_if_the_disk_is_full(folder, monkeypatch):
    def full(self, *_):
        raise OSError(28, "No space left on device")

    (entry,) = (path.parent for path in folder.rglob(disk_cache.DIGEST_FILE))
    (entry / disk_cache.DIGEST_FILE).unlink()
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    assert compiling.compiled(thrice, SIGNATURE)(2) == 6
    assert not compiling.is_compiled(thrice, SIGNATURE)


COMPILING = """
import sys
from pathlib import Path
from subprocess import PIPE
from threading import Thread
from sweepgd.kernels import kernel_cache

def compile_slowly(folder):
    (folder / "code").write_text("machine code")
    print("compiling", flush=True)
    sys.stdin.readline()

kernel_cache.load_or_compile(Path(sys.argv[1]), compile_slowly)
"""


def test_a_kernel_that_another_process_compiles_is_waited_for_and_loaded(tmp_path):
    folder, found = tmp_path / "source" / "kernel", []
    with subprocess.Popen([sys.executable, "-c", COMPILING, str(folder)], stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdout.readline() == "compiling\n"
        waiting = Thread(target=lambda: kernel_cache.load_or_compile(folder, found.append))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        other.communicate("\n")
    waiting.join()
    assert found == [folder]
