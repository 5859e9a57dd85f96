"""What a part of a cluster is started with wrongly: an exit code and words, nothing that hangs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.relay import Waiting
from cluster.streams.address import PASSWORD_VARIABLE
from cluster.streams.embedded import EmbeddedServer
from engine.domain.exit_codes import ExitCode
from tests.cluster.relay_in_thread import KEY, RelayInThread
from tests.forked_processes import ForkedProcesses

_SECRETS = {"reads": KEY.secret, "wrong": "another-secret-of-a-relay"}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return what may be named: addresses and files of a relay and a server that are there."""
    folder = tmp_path_factory.mktemp("bad")
    for name, secret in _SECRETS.items():
        path = folder / f"{name}.keys"
        path.touch(0o600)
        path.write_text(f"{KEY.key}:{secret}")
    with (
        RelayInThread(folder / "blocks", Waiting()) as relay,
        EmbeddedServer(folder / "server", port=0) as server,
        socket.create_server(("127.0.0.1", 0)) as unused,
    ):
        port = unused.getsockname()[1]
        unused.close()
        yield {
            "RELAY": relay.url,
            "REDIS": server.address.shown,
            "NOBODY": f"redis://127.0.0.1:{port}",
            "PASSWORD": server.address.password or "",
            **{name.upper(): str(folder / f"{name}.keys") for name in _SECRETS},
        }


_SHARD = "live --role shard --wait-secs 0"
_HUB = "live --role hub --venue alpaca-sim --wait-secs 0"
_RELAY = "live --role relay --venue alpaca-sim --wait-secs 0 --listen 127.0.0.1:0"
_STATUS = "cluster status"
_THERE = "--relay RELAY --relay-keys READS"


@pytest.mark.parametrize(
    ("words", "password", "code", "said"),
    [
        (f"{_SHARD} --letters 1-3 --redis REDIS", "PASSWORD", 2, "'1' is no prefix"),
        (f"{_SHARD} --letters C-A --redis REDIS", "PASSWORD", 2, "did you mean A-C?"),
        (f"{_SHARD} --letters A-C,B --redis REDIS", "PASSWORD", 2, "slots A-C and B overlap"),
        (f"{_HUB} --letters A-C,S2 --redis REDIS", "PASSWORD", 2, "no slot covers D-SM, T-Z"),
        (f"{_HUB} --letters A-M,M-Z --redis REDIS", "PASSWORD", 2, "slots A-M and M-Z overlap"),
        (
            f"{_SHARD} --redis REDIS --relay RELAY --relay-keys WRONG", "PASSWORD",
            ExitCode.REFUSED, "--relay-keys",
        ),
        (f"{_SHARD} --redis REDIS {_THERE}", "wrong", 2, "correct the user in its address"),
        (f"{_HUB} --redis REDIS {_THERE}", "wrong", 2, "correct the user in its address"),
        (f"{_RELAY} --redis REDIS", "wrong", 2, "correct the user in its address"),
        (f"{_STATUS} --redis REDIS", "wrong", 2, "correct the user in its address"),
        (f"{_SHARD} --redis NOBODY {_THERE}", "PASSWORD", 75, "does not answer"),
        (f"{_STATUS} --redis NOBODY", "PASSWORD", 75, "does not answer"),
        (_STATUS, "PASSWORD", 2, "name one with --redis or TRADECTL_REDIS_URL"),
        ("cluster move A --to shard-9 --redis REDIS", "PASSWORD", 4, "no shard 'shard-9' lives"),
        ("cluster drain shard-9 --redis REDIS", "PASSWORD", 4, "no shard 'shard-9' lives"),
    ],
)  # fmt: skip
def test_a_wrong_start_ends_with_its_code_and_names_what_to_correct(
    nursery: ForkedProcesses,
    tmp_path: Path,
    places: dict[str, str],
    words: str,
    password: str,
    code: int,
    said: str,
) -> None:
    typed = [places.get(word, word) for word in words.split()]
    secret = places.get(password, "another-password-of-redis")
    added = {"APCA_API_KEY_ID": "K", "APCA_API_SECRET_KEY": "S", PASSWORD_VARIABLE: secret}
    answer = nursery.answer(typed, added, tmp_path)
    text = " ".join(answer.err.split())
    assert answer.code == code, text
    assert said in text
    assert "Traceback" not in text
    assert not any(each in text for each in (secret, *_SECRETS.values()))
