"""An authenticator in software: true passkeys, true signatures, and whatever is to be wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Passkey:
    """One discoverable credential; ``sign_count`` is that of its last use."""

    rp_id: str
    user_handle: bytes
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    sign_count: int = 1
    step: int = 1

    @property
    def id(self) -> str:
        """What browsers call it."""
        return encoded(self.credential_id)


def create(
    options: dict[str, Any], origin: str, *, is_verified: bool = True, counts: bool = True
) -> tuple[Passkey, dict[str, Any]]:
    """Make a passkey as ``navigator.credentials.create`` would, and its answer."""
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    made = Passkey(options["rp"]["id"], decoded(options["user"]["id"]))
    if not counts:
        made.sign_count, made.step = 0, 0
    numbers = made.key.public_key().public_numbers()
    cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
    attested = bytes(16) + len(made.credential_id).to_bytes(2) + made.credential_id
    data = _data(made, _ATTESTED, is_verified=is_verified) + attested + cbor2.dumps(cose)
    attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
    client = _client("webauthn.create", options["challenge"], origin)
    answer = {"clientDataJSON": encoded(client), "attestationObject": encoded(attestation)}
    return made, _credential(made, answer | {"transports": ["internal"]})


def get(
    passkey: Passkey,
    options: dict[str, Any],
    origin: str,
    *,
    is_verified: bool = True,
    user_handle: bytes | None = None,
) -> dict[str, Any]:
    """Use a passkey as ``navigator.credentials.get`` would; it counts one step further."""
    assert options["userVerification"] == "required"
    passkey.sign_count += passkey.step
    data = _data(passkey, 0, is_verified=is_verified)
    client = _client("webauthn.get", options["challenge"], origin)
    signed = data + hashlib.sha256(client).digest()
    signature = passkey.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    handle = passkey.user_handle if user_handle is None else user_handle
    return _credential(
        passkey,
        {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(signature),
            "userHandle": encoded(handle),
        },
    )


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _data(passkey: Passkey, flags: int, *, is_verified: bool) -> bytes:
    flags |= _PRESENT | (_VERIFIED if is_verified else 0)
    rp = hashlib.sha256(passkey.rp_id.encode()).digest()
    return rp + bytes([flags]) + passkey.sign_count.to_bytes(4)


def _client(kind: str, challenge: str, origin: str) -> bytes:
    said = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps(said).encode()


def _credential(passkey: Passkey, response: dict[str, Any]) -> dict[str, Any]:
    named = {"id": passkey.id, "rawId": passkey.id, "type": "public-key"}
    return named | {"response": response, "clientExtensionResults": {}}
