"""`sweeps/REFERENCE.md` agrees with the validating classes."""

from pathlib import Path

from sweepgd.sweep import reference

FILE = Path(__file__).parents[2] / "sweeps" / "REFERENCE.md"


def test_the_reference_is_up_to_date():
    assert FILE.read_text(encoding="utf-8") == reference.reference(), "python -m sweepgd.sweep.reference > sweeps/REFERENCE.md"
