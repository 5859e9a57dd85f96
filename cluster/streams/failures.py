"""Why the server between hub and shards did not do what it was asked, and the remedy."""

from __future__ import annotations

from redis import exceptions

from cluster.streams.address import PASSWORD_VARIABLE, ServerAddress
from engine.domain.errors import StreamsDenied, StreamsUnavailable

_DENIALS = (
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
    exceptions.NoPermissionError,
)
_DENIED = "No permissions"
"""How a script says that one of its commands was denied."""
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"


def failure(error: Exception, address: ServerAddress, timeout_secs: float) -> StreamsUnavailable:
    """Return what the port raises for an error of the client or an answer of the server."""
    place, text = f"the server between hub and shards at {address.shown}", str(error)
    if isinstance(error, exceptions.OutOfMemoryError):
        return StreamsUnavailable(
            f"{place} is full: raise its maxmemory, or remove what other programs keep there"
        )
    if isinstance(error, _DENIALS) or _DENIED in text:
        return StreamsDenied(
            f"{place} refuses this user: {text}; correct the user in its address, the password "
            f"(its file or {PASSWORD_VARIABLE}), or the server's ACL"
        )
    if _UNTRUSTED in text:
        return StreamsDenied(
            f"{place} has a certificate that is not valid here: {text}; name the file of those who "
            "signed it"
        )
    if isinstance(error, TimeoutError | exceptions.TimeoutError):
        return StreamsUnavailable(
            f"{place} has not answered within {timeout_secs:g} s: look whether it hangs or its "
            "machine is overloaded, and whether a firewall lies between"
        )
    if isinstance(error, OSError | exceptions.ConnectionError):
        return StreamsUnavailable(
            f"{place} does not answer: {text or type(error).__name__}; start it, or correct its "
            "address (--redis or TRADECTL_REDIS)"
        )
    return StreamsUnavailable(f"{place} refuses: {text}; mend the server, its log says more")


def lost(address: ServerAddress) -> StreamsUnavailable:
    """Return what is raised for an entry that would have been the first of an emptied server."""
    return StreamsUnavailable(
        f"the server between hub and shards at {address.shown} has lost what it held, emptied or "
        "replaced: what is still needed has to be sent first"
    )
