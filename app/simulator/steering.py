"""What is said to a running simulator over its own REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.symbol_list import listed_symbols
from engine.domain.errors import ConfigError, VenueUnavailable

DEFAULT_URL = "http://127.0.0.1:8765"
_PATIENCE_SECS = 600.0
_BAD_REQUEST, _UNAUTHORIZED = 400, 401


def ask(url: str, path: str, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what a simulator answers: to a question, or to what is said.

    Raises
    ------
    ConfigError
        It refuses, or somebody else answers; the message says why.
    VenueUnavailable
        Nobody answers.
    """
    import httpx

    from serving import NOT_YOURS, control_headers

    headers = control_headers(url)
    try:
        with httpx.Client(
            base_url=url, headers=headers, timeout=_PATIENCE_SECS, trust_env=False
        ) as client:
            answer = client.get(path) if said is None else client.post(path, json=dict(said))
    except httpx.InvalidURL as error:
        raise ConfigError(f"--url {url}: expected http://… or https://… ({error})") from error
    except httpx.HTTPError as error:
        raise VenueUnavailable(
            f"no simulator answers at {url} ({type(error).__name__}); start one with "
            "`tradectl sim run`, or name it with --url"
        ) from error
    if answer.headers.get("x-simulator") != "tradectl":
        raise ConfigError(f"what answers at {url} is no simulator of ours; name it with --url")
    if answer.status_code == _UNAUTHORIZED:
        raise ConfigError(NOT_YOURS.format(url=url))
    body = answer.json()
    if answer.status_code >= _BAD_REQUEST:
        raise ConfigError(str(body.get("message", body)))
    return body


def switches(words: list[str]) -> dict[str, Any]:
    """Return the switches written as ``NAME=VALUE``; lists of symbols as everywhere.

    Raises
    ------
    ConfigError
        One is written otherwise.
    """
    asked: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not name or not sign:
            raise ConfigError(f"write a switch as NAME=VALUE, as mute=true; found {word!r}")
        is_list = name == "mute_symbols" and value
        asked[name] = list(listed_symbols(value, name)) if is_list else value
    return asked
