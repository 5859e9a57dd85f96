"""Passkeys of one relying party: what is asked of a browser, and whether its answer holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from engine.domain.access import UserCredential

_NAME = "tradectl"
_MILLIS = 1000
_UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)
"""What py_webauthn lets through where a stranger's answer is none at all."""

_TRANSPORTS = {each.value: each for each in AuthenticatorTransport}


class NotVerified(Exception):  # noqa: N818  (named for what was found)
    """An answer does not hold; the message says why, for the journal and not for who sent it."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser has just made."""

    credential_id: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...]
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser answered, read and not verified yet.

    Attributes
    ----------
    challenge : bytes
        The one it says it answers.
    credential_id : str
    user_handle : bytes
        Whose the passkey is, as it says; empty where it does not.
    """

    credential: AuthenticationCredential
    challenge: bytes
    credential_id: str
    user_handle: bytes


class RelyingParty:
    """The gateway towards passkeys.

    Parameters
    ----------
    rp_id : str
        Name of the host.
    origin : str
        The only one whose answers count.
    """

    def __init__(self, rp_id: str, origin: str) -> None:
        self.rp_id, self.origin = rp_id, origin

    def creation_options(
        self,
        challenge: bytes,
        secs: int,
        *,
        user_id: str,
        username: str,
        display_name: str,
        known: Iterable[UserCredential],
    ) -> dict[str, Any]:
        """Return what ``navigator.credentials.create`` is to be given."""
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name=_NAME,
            user_id=base64url_to_bytes(user_id),
            user_name=username,
            user_display_name=display_name,
            challenge=challenge,
            timeout=secs * _MILLIS,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_described(known),
        )
        return options_to_json_dict(options)

    def request_options(
        self, challenge: bytes, secs: int, allowed: Iterable[UserCredential] = ()
    ) -> dict[str, Any]:
        """Return what ``navigator.credentials.get`` is to be given; any passkey without a list."""
        options = generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            timeout=secs * _MILLIS,
            allow_credentials=_described(allowed) or None,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options)

    def registered(self, response: dict[str, Any]) -> tuple[bytes, RegistrationCredential]:
        """Read the answer to creation options: its challenge, and what is still to be verified.

        Raises
        ------
        NotVerified
            It is none.
        """
        try:
            credential = parse_registration_credential_json(response)
            data = parse_client_data_json(credential.response.client_data_json)
        except _UNREADABLE as error:
            raise NotVerified(f"unreadable: {error}") from error
        return data.challenge, credential

    def verified_registration(
        self, credential: RegistrationCredential, challenge: bytes
    ) -> NewPasskey:
        """Return the passkey that was made.

        Raises
        ------
        NotVerified
            It was made for another origin or challenge, or without verifying its user.
        """
        try:
            self._refuse_framed(credential.response.client_data_json)
            found = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except _UNREADABLE as error:
            raise NotVerified(str(error)) from error
        transports = credential.response.transports or []
        return NewPasskey(
            credential_id=bytes_to_base64url(found.credential_id),
            public_key=bytes_to_base64url(found.credential_public_key),
            sign_count=found.sign_count,
            transports=tuple(each.value for each in transports),
            is_backed_up=found.credential_backed_up,
        )

    def answered(self, response: dict[str, Any]) -> Answer:
        """Read the answer to request options.

        Raises
        ------
        NotVerified
            It is none.
        """
        try:
            credential = parse_authentication_credential_json(response)
            data = parse_client_data_json(credential.response.client_data_json)
            credential_id = bytes_to_base64url(credential.raw_id)
        except _UNREADABLE as error:
            raise NotVerified(f"unreadable: {error}") from error
        handle = credential.response.user_handle or b""
        return Answer(credential, data.challenge, credential_id, handle)

    def verified_answer(self, answer: Answer, challenge: bytes, known: UserCredential) -> int:
        """Return the sign count of an answer that holds; what it means is for the caller to say.

        Raises
        ------
        NotVerified
            Its signature, origin, challenge or owner is wrong, or nobody was verified.
        """
        if answer.user_handle and answer.user_handle != base64url_to_bytes(known.user_id):
            raise NotVerified("the passkey says it is another user's")
        try:
            self._refuse_framed(answer.credential.response.client_data_json)
            found = verify_authentication_response(
                credential=answer.credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=base64url_to_bytes(known.public_key),
                credential_current_sign_count=0,  # compared where a lower one can be recorded
                require_user_verification=True,
            )
        except _UNREADABLE as error:
            raise NotVerified(str(error)) from error
        return found.new_sign_count

    def _refuse_framed(self, client_data: bytes) -> None:
        if parse_client_data_json(client_data).cross_origin:
            raise NotVerified("it was asked for in a frame of another page")


def _described(passkeys: Iterable[UserCredential]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(each.credential_id),
            transports=[_TRANSPORTS[name] for name in each.transports if name in _TRANSPORTS],
        )
        for each in passkeys
        if not each.is_suspended
    ]
