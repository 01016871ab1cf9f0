import pytest
from recorded import finished, write

from sweepgd.core.errors import SweepgdError
from sweepgd.record import load
from sweepgd.record.compact import compact


@pytest.fixture
def out(tmp_path):
    write(tmp_path / "out", [[finished(0)], [finished(1)]])
    return tmp_path / "out"


def test_compaction_keeps_other_files(out):
    others = [
        out / "trials" / "notes.md",
        out / "trials" / "000009.parquet.bak",
        out / "minima" / "3.parquet",
        out / "curves" / "mine",
    ]
    for path in others[:-1]:
        path.write_text(path.name)
    others[-1].mkdir()
    assert compact(out) == (2, 1)
    assert [path.read_text() for path in others[:-1]] == [path.name for path in others[:-1]]
    assert others[-1].is_dir()
    assert not (out / "compacted").exists()
    assert load(out).trials["trial"].to_pylist() == [0, 1]


def test_parts_without_their_trials_part_are_refused(out):
    write(out, [[finished(2)]])
    (out / "trials" / "000003.parquet").rename(out.with_name("aside"))
    (out / "log" / "000003.log").unlink()
    with pytest.raises(
        SweepgdError, match=rf"000003\.parquet exists, but the file of its trials is missing; .*: sweepgd verify {out} --repair"
    ):
        compact(out)
    assert (out / "curves" / "000003.parquet").exists()
