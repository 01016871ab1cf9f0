"""`sweeps/COLUMNS.md` agrees with the schema of the record, and every column has a meaning."""

from pathlib import Path

from sweepgd.record.column_meanings import MEANINGS, page
from sweepgd.record.schema import SCHEMAS

FILE = Path(__file__).parents[2] / "sweeps" / "COLUMNS.md"


def test_every_recorded_column_has_a_meaning():
    assert {table: set(meanings) for table, meanings in MEANINGS.items()} == {
        table: set(schema.names) for table, schema in SCHEMAS.items()
    }


def test_the_page_of_columns_is_up_to_date():
    assert FILE.read_text(encoding="utf-8") == page(), "python -m sweepgd.record.column_meanings > sweeps/COLUMNS.md"
