"""Roof: secrets are not told: not those that are known, nor what looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

REDACTED = "***"

_SECRET_NAME = re.compile(r"APCA_.*(KEY|SECRET|TOKEN).*|TRADECTL_.*(PASSWORD|SECRET|TOKEN|KEY).*")
_SHORTEST = 4
"""Anything shorter would be found in most words."""

_PASSWORD_IN_URL = re.compile(
    r"(?P<before>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)", re.IGNORECASE
)
_LOOKS_SECRET = re.compile(
    r"(?P<before>\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization)[\w-]*"
    r"[\"']?\s*[=:]\s*(?:bearer\s+|basic\s+)?[\"']?)[^\s\"',;&]+",
    re.IGNORECASE,
)


def secret_names(environment: Mapping[str, str]) -> list[str]:
    """Return the variables that hold a secret, or a URL with a password in it."""
    return sorted(
        name
        for name, value in environment.items()
        if value and (_SECRET_NAME.fullmatch(name) or (_is_ours(name) and _password(value)))
    )


def known_secrets(environment: Mapping[str, str], urls: Iterable[str] = ()) -> frozenset[str]:
    """Return every secret of an environment and every password of URLs, as they may be spelled."""
    found: set[str] = set()
    for name in secret_names(environment):
        value = environment[name]
        found |= {value} if _SECRET_NAME.fullmatch(name) else {_password(value)}
    found |= {_password(url) for url in urls}
    spelled = {spelling for one in found for spelling in (one, unquote(one), quote(one, safe=""))}
    return frozenset(one for one in spelled if len(one) >= _SHORTEST)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the secrets given, passwords in URLs, and what is named a secret."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    text = _PASSWORD_IN_URL.sub(rf"\g<before>{REDACTED}", text)
    return _LOOKS_SECRET.sub(rf"\g<before>{REDACTED}", text)


def _is_ours(name: str) -> bool:
    return name.startswith("TRADECTL_")


def _password(url: str) -> str:
    """Return the password of a URL as it is spelled there, empty where there is none."""
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
