from dataclasses import replace

import msgpack
import numpy as np
import pytest
from recorded import LAYOUT, finished, measured

from sweepgd.record import Finished
from sweepgd.record.finished import decode, encode, with_search_state


def test_a_configuration_survives_its_bytes():
    done = finished(5, replicates=2)
    back = decode(encode(done))
    assert back.trial == 5
    assert back.rows == done.rows
    for ours, theirs in zip(done.curves, back.curves, strict=True):
        assert ours.keys() == theirs.keys()
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name])
    for ours, theirs in zip(done.minima, back.minima, strict=True):
        assert theirs["parameters"].dtype == np.float32
        np.testing.assert_array_equal(ours["parameters"], theirs["parameters"])
        np.testing.assert_array_equal(theirs["layout"], LAYOUT)
        assert theirs["dtype"] == "float32"


def test_what_the_search_must_remember_is_added_to_the_first_row():
    record = with_search_state(encode(finished(5, replicates=2)), '{"values": [1.0]}')
    assert [row.get("search_state") for row in decode(record).rows] == ['{"values": [1.0]}', None]


def test_the_path_of_a_surface_keeps_its_shape():
    position = np.arange(6.0).reshape(3, 2)
    curve = {"update": np.arange(3), "position": position}
    back = decode(encode(Finished(0, [{"trial": 0, "replicate": 0}], [curve])))
    np.testing.assert_array_equal(back.curves[0]["position"], position)


def test_float32_curves_are_widened():
    curve = {"update": np.arange(2, dtype=np.int32), "train_loss": np.array([0.5, 0.25], dtype=np.float32)}
    back = decode(encode(Finished(0, [{"trial": 0, "replicate": 0}], [curve])))
    assert back.curves[0]["update"].dtype == np.int64
    assert back.curves[0]["train_loss"].tolist() == [0.5, 0.25]


def test_curvature_travels_with_its_configuration():
    rows = measured(5, value=np.float32(0.5), grid=np.arange(2.0)).curvature
    back = decode(encode(replace(finished(5), curvature=rows)))
    assert back.curvature == [rows[0] | {"value": 0.5, "grid": [0.0, 1.0]}]
    assert decode(with_search_state(encode(replace(finished(5), curvature=rows)), "{}")).rows[0]["search_state"] == "{}"


def test_a_record_from_before_curvature_was_measured_is_read():
    older = msgpack.packb((3, [{"trial": 3, "replicate": 0}], [{}], [])) + msgpack.packb("state")
    assert decode(older) == Finished(3, [{"trial": 3, "replicate": 0, "search_state": "state"}], [{}])


ROW = {"trial": 1, "replicate": 0}
MINIMUM = ROW | {"which": "final", "parameters": np.zeros(9), "layout": LAYOUT}


@pytest.mark.parametrize(
    ("done", "says"),
    [
        (Finished(1, [ROW], []), "1 rows but 0 curves"),
        (Finished(2, [ROW], [{}]), "trial 2: a row belongs to another trial"),
        (Finished(1, [ROW], [{}], [MINIMUM | {"trial": 3}]), "another trial"),
        (replace(measured(1), trial=2), "trial 2: a row belongs to another trial"),
        (measured(1, vlaue=3.0), "no column 'vlaue'"),
        (Finished(1, [ROW], [{"epoch": np.zeros(2)}]), "needs its column 'update'"),
        (Finished(1, [ROW], [{"update": np.zeros(2)}]), "'update' of a curve is float64"),
        (Finished(1, [ROW], [{"update": np.arange(2), "epoch": np.zeros(3)}]), "shape"),
        (Finished(1, [ROW], [{"update": np.arange(2), "position": np.zeros(2)}]), "shape"),
        (Finished(1, [ROW], [{"update": np.arange(2), "los": np.zeros(2)}]), "no column 'los'"),
        (Finished(1, [ROW], [{}], [MINIMUM | {"parameters": np.zeros((3, 3))}]), "not a flat vector"),
        (Finished(1, [ROW], [{}], [MINIMUM | {"layout": np.zeros((2, 3), np.int64)}]), "layout of a minimum"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_logged(done, says):
    with pytest.raises(ValueError, match=says):
        encode(done)
