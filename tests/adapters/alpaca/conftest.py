"""What the tests of the Alpaca adapter share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.alpaca.scripted_rest import RestVenue


@pytest.fixture
def venue() -> Iterator[RestVenue]:
    """Yield a running HTTP server that answers as the test tells it."""
    with RestVenue() as venue:
        yield venue
