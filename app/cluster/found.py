"""Where relay and server of a cluster are: as typed, else configured, else of this machine's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from app.cluster.defaults import DEFAULT_FOLDER, REDIS_VARIABLE
from app.cluster.on_this_machine import RunningCluster, running_cluster
from cluster.streams.address import ServerAddress
from engine.domain.errors import ConfigError, NotFoundError

_PASSWORD_FILE, _CA_FILE = "TRADECTL_REDIS_PASSWORD_FILE", "TRADECTL_REDIS_CA"
"""Files: the password in the first line; who may have signed the certificate, PEM."""


def running_here(folder: Path = DEFAULT_FOLDER) -> RunningCluster | None:
    """Return the cluster of this machine, None where none runs."""
    try:
        return running_cluster(folder)
    except NotFoundError:
        return None


def server_address(
    url: str | None,
    password_file: Path | None = None,
    *,
    folder: Path = DEFAULT_FOLDER,
    environment: Mapping[str, str] = os.environ,
) -> ServerAddress:
    """Return the server between hub and shards, with what opens it.

    Where no file with the password is named, that of ``TRADECTL_REDIS_PASSWORD_FILE`` counts;
    ``TRADECTL_REDIS_CA`` names the certificates of those who may have signed the server's.

    Raises
    ------
    ConfigError
        The address cannot be read, or none was named and no cluster runs here.
    """
    named = url or environment.get(REDIS_VARIABLE)
    if named:
        return ServerAddress.read(
            named,
            password_file=password_file or _file(environment, _PASSWORD_FILE),
            ca_file=_file(environment, _CA_FILE),
            environment=environment,
        )
    here = running_here(folder)
    if here is None:
        raise ConfigError(
            f"no server between hub and shards is named and no cluster runs in {folder}: name one "
            f"with --redis or {REDIS_VARIABLE}, or start 'tradectl cluster up'"
        )
    return here.address


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    named = environment.get(name)
    return Path(named) if named else None
