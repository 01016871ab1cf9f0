import pytest

import sweepgd


@pytest.fixture(scope="session")
def gluon_linear(tmp_path_factory):
    """The results of the bundled sweep `gluon_linear`: 10 configurations, 20 replicates, each with its own data."""
    return sweepgd.search("gluon_linear", out=tmp_path_factory.mktemp("gluon_linear") / "results")
