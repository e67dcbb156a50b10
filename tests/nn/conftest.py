"""What the tests of blocks share."""

import jaxtyping
import pytest


@pytest.fixture
def as_installed(monkeypatch):
    """Annotations are not checked, as in every process but a test's: a block's own words remain."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
