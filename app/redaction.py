"""Secrets are not told: not those that are known, nor what looks like one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from engine.domain.errors import ConfigError

REDACTED = "***"

_SECRET_NAME = re.compile(r"APCA_.*(KEY|SECRET|TOKEN).*|TRADECTL_.*(PASSWORD|SECRET|TOKEN|KEY).*")
_BROKER_SECRET = re.compile(r"APCA_.*(KEY|SECRET|TOKEN).*")
_SHORTEST = 4
"""Anything shorter would be found in most words."""

_UNMISTAKABLE = 8
"""Characters from which on a secret is no number or name by chance."""

_PASSWORD = re.compile(r"(?P<before>\b[a-zA-Z][\w+.-]*://[^\s:/@]*:)(?P<password>[^\s/@]+)(?=@)")
_NAMED_SECRET = re.compile(
    r"(?P<before>\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization)[\w-]*"
    r"[\"']?\s*[=:]\s*(?:bearer\s+|basic\s+)?[\"']?)[^\s\"',;&]+",
    re.IGNORECASE,
)


def secret_names(environment: Mapping[str, str]) -> list[str]:
    """Return the variables that hold a secret, or a URL of ours with a password in it."""
    return sorted(
        name
        for name, value in environment.items()
        if (_SECRET_NAME.fullmatch(name) and value)
        or (name.startswith("TRADECTL_") and _PASSWORD.search(value))
    )


def without_broker_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what gives access to a broker."""
    return {
        name: value for name, value in environment.items() if not _BROKER_SECRET.fullmatch(name)
    }


def known_secrets(environment: Mapping[str, str], arguments: Iterable[str] = ()) -> frozenset[str]:
    """Return the secrets of an environment and the passwords in URLs, in each of their spellings.

    Parameters
    ----------
    arguments : iterable of str
        What was typed on the command line.
    """
    values = [environment[name] for name in secret_names(environment)]
    found = {value for value in values if "://" not in value}
    found |= {
        match["password"] for text in (*values, *arguments) for match in _PASSWORD.finditer(text)
    }
    spelled = {spelling for one in found for spelling in (one, unquote(one), quote(one, safe=""))}
    return frozenset(one for one in spelled if len(one) >= _SHORTEST)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the secrets given, passwords in URLs, and what is named a secret."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    text = _PASSWORD.sub(rf"\g<before>{REDACTED}", text)
    return _NAMED_SECRET.sub(rf"\g<before>{REDACTED}", text)


def secrets_hidden(text: str) -> str:
    """Return a text without the secrets of this process's environment and command line."""
    return redacted(text, known_secrets(os.environ, sys.argv))


def refuse_secrets(texts: Mapping[str, str]) -> None:
    """Check that nothing that is to be kept for good holds a secret, or what looks like one.

    Parameters
    ----------
    texts : mapping
        What would be kept, by what it is.

    Raises
    ------
    ConfigError
        Something does; it is named, its text is not told.
    """
    known = [
        secret for secret in known_secrets(os.environ, sys.argv) if len(secret) >= _UNMISTAKABLE
    ]
    for what, text in texts.items():
        if any(secret in text for secret in known):
            raise ConfigError(
                f"{what} holds the value of a secret of the environment: say it without, it would "
                "be kept for good"
            )
        if redacted(text) != text:
            raise ConfigError(
                f"{what} holds what looks like a password or key: say it without, it would be kept "
                "for good"
            )
