from dataclasses import replace

import msgpack
import numpy as np
import pytest
from recorded import LAYOUT, finished, measured

from sweepgd.record import TrialRecord
from sweepgd.record.trial_record import decode, encode, with_search_state


def test_a_trial_is_equal_after_encoding_and_decoding():
    record = finished(5, replicates=2)
    back = decode(encode(record))
    assert back.trial == 5
    assert back.rows == record.rows
    for ours, theirs in zip(record.curves, back.curves, strict=True):
        assert ours.keys() == theirs.keys()
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name])
    for ours, theirs in zip(record.minima, back.minima, strict=True):
        assert theirs["parameters"].dtype == np.float32
        np.testing.assert_array_equal(ours["parameters"], theirs["parameters"])
        np.testing.assert_array_equal(theirs["layout"], LAYOUT)
        assert theirs["dtype"] == "float32"


def test_the_search_state_is_added_to_the_first_row():
    record = with_search_state(encode(finished(5, replicates=2)), '{"values": [1.0]}')
    assert [row.get("search_state") for row in decode(record).rows] == ['{"values": [1.0]}', None]


def test_positions_on_a_surface_keep_their_shape():
    position = np.arange(6.0).reshape(3, 2)
    curve = {"update": np.arange(3), "position": position}
    back = decode(encode(TrialRecord(0, [{"trial": 0, "replicate": 0}], [curve])))
    np.testing.assert_array_equal(back.curves[0]["position"], position)


def test_float32_curves_are_widened():
    curve = {"update": np.arange(2, dtype=np.int32), "train_loss": np.array([0.5, 0.25], dtype=np.float32)}
    back = decode(encode(TrialRecord(0, [{"trial": 0, "replicate": 0}], [curve])))
    assert back.curves[0]["update"].dtype == np.int64
    assert back.curves[0]["train_loss"].tolist() == [0.5, 0.25]


def test_curvature_is_encoded_with_its_trial():
    rows = measured(5, value=np.float32(0.5), grid=np.arange(2.0)).curvature
    back = decode(encode(replace(finished(5), curvature=rows)))
    assert back.curvature == [rows[0] | {"value": 0.5, "grid": [0.0, 1.0]}]
    assert decode(with_search_state(encode(replace(finished(5), curvature=rows)), "{}")).rows[0]["search_state"] == "{}"


def test_a_record_without_curvature_is_read():
    older = msgpack.packb((3, [{"trial": 3, "replicate": 0}], [{}], [])) + msgpack.packb("state")
    assert decode(older) == TrialRecord(3, [{"trial": 3, "replicate": 0, "search_state": "state"}], [{}])


ROW = {"trial": 1, "replicate": 0}
MINIMUM = ROW | {"which": "final", "parameters": np.zeros(9), "layout": LAYOUT}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (TrialRecord(1, [ROW], []), "it has 1 rows but 0 curves"),
        (TrialRecord(2, [ROW], [{}]), "trial 2: a row belongs to another trial"),
        (TrialRecord(1, [ROW], [{}], [MINIMUM | {"trial": 3}]), "another trial"),
        (replace(measured(1), trial=2), "trial 2: a row belongs to another trial"),
        (measured(1, vlaue=3.0), "no column 'vlaue'"),
        (TrialRecord(1, [ROW], [{"epoch": np.zeros(2)}]), "needs the column 'update'"),
        (TrialRecord(1, [ROW], [{"update": np.zeros(2)}]), "'update' of a curve is float64"),
        (TrialRecord(1, [ROW], [{"update": np.arange(2), "epoch": np.zeros(3)}]), "shape"),
        (TrialRecord(1, [ROW], [{"update": np.arange(2), "position": np.zeros(2)}]), "shape"),
        (TrialRecord(1, [ROW], [{"update": np.arange(2), "los": np.zeros(2)}]), "has no column 'los'"),
        (TrialRecord(1, [ROW], [{}], [MINIMUM | {"parameters": np.zeros((3, 3))}]), "must be a flat vector"),
        (
            TrialRecord(1, [ROW], [{}], [MINIMUM | {"layout": np.zeros((2, 3), np.int64)}]),
            "layout of a minimum must have shape",
        ),
    ],
)
def test_values_that_do_not_fit_the_tables_are_refused(record, message):
    with pytest.raises(ValueError, match=message):
        encode(record)
