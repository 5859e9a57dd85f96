"""What a passkey signs when one request is to be confirmed with it."""

from __future__ import annotations

import hashlib

import msgspec

_TAG = b"tradectl action 1\n"
"""Keeps what is signed here apart from everything else that is ever signed."""


class Action(msgspec.Struct, frozen=True):
    """One request, and who makes it.

    Attributes
    ----------
    path : str
        With its query, as it stands in the request.
    body_hash : str
        SHA-256 of the body, hex.
    idempotency_key : str
        Empty where the request has none.
    """

    method: str
    path: str
    body_hash: str
    idempotency_key: str
    user_id: str
    session_id: str

    def canonical(self) -> bytes:
        """Return the one way it is written: a JSON list of its fields in this order."""
        return msgspec.json.encode(msgspec.structs.astuple(self))


def action_challenge(action: Action, nonce: bytes) -> bytes:
    """Return SHA-256(tag ‖ nonce ‖ SHA-256(canonical action)), 32 bytes."""
    inner = hashlib.sha256(action.canonical()).digest()
    return hashlib.sha256(_TAG + nonce + inner).digest()
