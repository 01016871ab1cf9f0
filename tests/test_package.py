import sweepgd


def test_the_package_shows_its_functions():
    assert dir(sweepgd) == ["load", "measure", "merge", "search", "train"]
    assert all(callable(getattr(sweepgd, name)) for name in dir(sweepgd))
