"""`sweepgd init`: a copy of a bundled sweep."""

from pathlib import Path
from shlex import quote

import pytest

from sweepgd.sweep import bundled


@pytest.mark.parametrize(
    ("file", "name"),
    [("mine.toml", "mine"), ("_my own?.toml", "my-own-"), ("é.toml", "quickstart"), ("quickstart.toml", "quickstart")],
)
def test_init_copies_a_bundled_sweep_under_the_name_of_the_file(run, file, name):
    """So that the copy's results do not become part of the original's."""
    copied = run("init", "quickstart", file)
    assert (copied.code, copied.err) == (0, "")
    assert copied.out == f"Wrote {file}, and sweepgd.schema.json for editors. Next: sweepgd search {quote(file)}\n"
    original = bundled()["quickstart"].read_text().splitlines()
    schema = "#:schema ./sweepgd.schema.json"
    assert Path(file).read_text().splitlines() == [schema, f'name = "{name}"', *original[1:]]
    assert f"{name}: 64 trials" in run("search", file, "--dry-run").out


def test_init_without_a_file_names_it_as_the_sweep(run):
    run("init", "house_prices")
    assert Path("house_prices.toml").is_file()
