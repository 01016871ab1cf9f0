import pytest


@pytest.fixture(scope="module")
def without_vega():
    """Pages without the bundle of Vega, which takes seconds to build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sweepgd.report.page.page.vega_bundle", lambda: "/* Vega */")
        yield
