"""What all tests share: recorded days, and chance that can be repeated."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.forked_processes import CONTROL, ForkedProcesses
from tests.minutes_per_folder import MinutesPerFolder
from tests.servers import Postgres

ROOT = Path(__file__).parent.parent

settings.register_profile(
    "local", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what servers leave for this user's commands out of the user's own home."""
    os.environ |= {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))} | CONTROL


def pytest_configure(config: pytest.Config) -> None:
    """Sum up the minutes where the reports of all workers arrive."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(MinutesPerFolder())


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded market data and fixtures, or skip where there is none."""
    folder = Path(os.environ.get("TRADECTL_SHARED", ROOT.parent / "shared")).resolve()
    if not (folder / "data" / "ticks").is_dir():
        pytest.skip(
            f"no recorded days in {folder}; point TRADECTL_SHARED at a folder that has data/"
        )
    return folder


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return a server's TLS with a certificate that nobody signed, or skip without openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-nodes", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Yield a running PostgreSQL server of its own."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def nursery() -> Iterator[ForkedProcesses]:
    """Yield what forks processes of ``tradectl`` from a parent that has imported everything."""
    with ForkedProcesses() as processes:
        yield processes


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/journal.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()
