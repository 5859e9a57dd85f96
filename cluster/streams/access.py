"""Who may read and write what on the server, as lines of a Redis ACL (7.0 or later, Valkey)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from cluster.names import HUB, NODES, NONCE

_SHORTEST = 16


class Role(StrEnum):
    """What a process is to the cluster; the name of its user on the server.

    Its node is called as its role, alone or with more behind it: ``shard-1``.
    """

    HUB = "hub"
    SHARD = "shard"
    RELAY = "relay"
    SCREEN = "screen"
    """It shows what the others say, and changes nothing."""


_SETUP, _ORDERS = "*:setup:*", "*:cmd:*"
_SAID = ("*:rep:*", "*:rest:*", "*:exit:*", "*:bkt:*")
_HELD = ("*:positions", "*:prices", "*:weights")
_EVERYTHING = "*"

_READS = {
    Role.HUB: (_EVERYTHING,),
    Role.SHARD: (HUB, _SETUP, _ORDERS, NONCE),
    Role.RELAY: (HUB, NONCE),
    Role.SCREEN: (_EVERYTHING,),
}
_WRITES = {
    Role.HUB: (HUB, _SETUP, _ORDERS, *_HELD, NONCE),
    Role.SHARD: (*_SAID, NONCE),
    Role.RELAY: (NONCE,),
    Role.SCREEN: (),
}
_READING = "+get +mget +xread +scan +ping +select"
_WRITING = "+eval +xadd +expire +set +unlink"


def acl_lines(secrets: Mapping[Role, str]) -> list[str]:
    """Return the lines that make a user of each role, for a configuration or an ``aclfile``.

    Secrets are not in them, only their SHA-256.

    Parameters
    ----------
    secrets : mapping of Role to str
        The password of each; a role that is not named gets no user.

    Raises
    ------
    ValueError
        A secret is shorter than 16 characters, or two roles have the same.
    """
    if any(len(secret) < _SHORTEST for secret in secrets.values()):
        raise ValueError(f"a secret of a role has fewer than {_SHORTEST} characters")
    if len({*secrets.values()}) < len(secrets):
        raise ValueError("two roles have the same secret; one could act as the other")
    return [_line(role, secret) for role, secret in secrets.items()]


def _line(role: Role, secret: str) -> str:
    writes = _WRITES[role] if role is Role.SCREEN else (*_WRITES[role], f"{NODES}{role}*")
    keys = [f"%R~{pattern}" for pattern in _READS[role]] + [f"%W~{name}" for name in writes]
    commands = f"{_READING} {_WRITING}" if writes else _READING
    digest = hashlib.sha256(secret.encode()).hexdigest()
    start = f"user {role} reset on #{digest}"
    return " ".join([start, *keys, "-@all", commands])
