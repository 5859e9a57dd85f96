"""One gateway for all tests that need none of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.access.browsers import Gateway, gateway


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway(tmp_path_factory.mktemp("gateway")) as found:
        yield found
