"""Alpaca's historical clients, a page at a time, patient, with refusals translated."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Self

import msgspec
from alpaca.common.rest import RESTClient
from alpaca.data.historical import NewsClient, StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient

from catalog.pull.pace import Pace
from engine.domain.errors import ConfigError, RunError, VenueRejected, VenueUnavailable
from engine.domain.unreadable import UNREADABLE

KEY_NAME, SECRET_NAME = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"

_ATTEMPTS = 6
_REFUSALS = 20
_FIRST_WAIT_SECS, _LONGEST_WAIT_SECS = 0.5, 20.0
_TIMEOUT_SECS = (10.0, 60.0)
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 401, 403, 404, 429
_SERVER_ERRORS = 500


class Page(msgspec.Struct, frozen=True):
    """One page of an answer.

    Attributes
    ----------
    fields : dict
        The answer's fields, undecoded.
    next_page_token : str or None
        What to ask for next; None on the last page.
    """

    fields: dict[str, msgspec.Raw]
    next_page_token: str | None


class _Patient(RESTClient):
    """The part of every client that sends: with time-outs, at the right pace, GET only."""

    pace: Pace
    chance: random.Random

    def hang_up(self) -> None:
        """Close the connections."""
        self._session.close()

    def _one_request(
        self,
        method: str,
        url: str,
        opts: dict[str, Any],
        retry: int,  # noqa: ARG002  (the base class counts; this one waits)
    ) -> dict[str, Any]:
        """Send one request until it is answered, as the base class is asked to do once."""
        if method.upper() != "GET":
            raise ValueError(f"{method} {url}: history is only read")
        refusals = 0
        attempt = 0
        while True:
            self.pace.before()
            try:
                answer = self._session.request(method, url, timeout=_TIMEOUT_SECS, **opts)
            except OSError as error:  # what its HTTP library raises is one
                problem = f"{_host(url)} does not answer ({type(error).__name__})"
            else:
                self.pace.after(answer.headers)
                if answer.status_code == _OK:
                    return _fields(answer)
                problem = f"{_host(url)} answered {answer.status_code} ({_message(answer)})"
                if answer.status_code == _TOO_MANY and refusals < _REFUSALS:
                    refusals += 1
                    self.pace.refused(answer.headers)
                    continue
                if answer.status_code < _SERVER_ERRORS and answer.status_code != _TOO_MANY:
                    raise _refusal(answer, url)
            attempt += 1
            if attempt >= _ATTEMPTS or refusals >= _REFUSALS:
                raise VenueUnavailable(
                    f"{problem}, {attempt} times in a row; what was pulled is kept: run the same "
                    "command again to go on"
                )
            longest = min(_FIRST_WAIT_SECS * 2**attempt, _LONGEST_WAIT_SECS)
            self.pace.wait(self.chance.uniform(longest / 2, longest))


class _Stocks(_Patient, StockHistoricalDataClient):
    pass


class _News(_Patient, NewsClient):
    pass


class _Actions(_Patient, CorporateActionsClient):
    pass


class Vendor:
    """Alpaca's history; a context that closes its connections.

    Parameters
    ----------
    key, secret
        Of the account; never told in an error.
    url
        Of the data host; None for Alpaca's own.
    pace
        When to wait.
    """

    def __init__(
        self, key: str, secret: str, url: str | None = None, pace: Pace | None = None
    ) -> None:
        self.pace = pace or Pace()
        where = url.rstrip("/") if url else None
        self._stocks = _Stocks(key, secret, raw_data=True, url_override=where)
        self._news = _News(key, secret, raw_data=True, url_override=where)
        self._actions = _Actions(key, secret, raw_data=True, url_override=where)
        for client in (self._stocks, self._news, self._actions):
            client.pace = self.pace
            client.chance = random.Random(0)  # noqa: S311  (jitter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in (self._stocks, self._news, self._actions):
            client.hang_up()

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], url: str | None = None, pace: Pace | None = None
    ) -> Vendor:
        """Return the vendor with the keys of an environment.

        Raises
        ------
        ConfigError
            A key is missing, or the URL is none.
        """
        missing = [name for name in (KEY_NAME, SECRET_NAME) if not environment.get(name)]
        if missing:
            raise ConfigError(
                f"{' and '.join(missing)} not set; a pull needs the keys of an Alpaca account in "
                f"the environment ({KEY_NAME}, {SECRET_NAME})"
            )
        if url is not None and not url.startswith(("http://", "https://")):
            raise ConfigError(f"--url {url}: expected http://… or https://…")
        return cls(environment[KEY_NAME], environment[SECRET_NAME], url, pace)

    def stocks(self, path: str, parameters: Mapping[str, Any]) -> Page:
        """Return a page of ``/v2/stocks/…``."""
        return _page(self._stocks.get(f"/stocks/{path}", dict(parameters)))

    def news(self, parameters: Mapping[str, Any]) -> Page:
        """Return a page of news."""
        return _page(self._news.get("/news", dict(parameters)))

    def corporate_actions(self, parameters: Mapping[str, Any]) -> Page:
        """Return a page of corporate actions."""
        return _page(self._actions.get("/corporate-actions", dict(parameters)))


def _page(fields: Any) -> Page:
    token = msgspec.json.decode(fields.get("next_page_token", b"null"), type=str | None)
    return Page(fields, token)


def _fields(answer: Any) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw])
    except UNREADABLE as error:
        raise RunError(
            f"{_host(answer.url)} answered {answer.status_code} with what is no JSON object "
            f"({error}); is --url the data host?"
        ) from error


def _refusal(answer: Any, url: str) -> ConfigError | VenueRejected:
    """Return what a 4xx means and what to do about it."""
    told, status, host = _message(answer), answer.status_code, _host(url)
    if status == _FORBIDDEN and "subscription" in told:
        return VenueRejected(
            f"{host}: {told}; the plan of these keys has no such data. Name an older --end or "
            "another --feed (iex is in every plan)",
            status=status,
        )
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return VenueRejected(
            f"{host} does not accept the keys in {KEY_NAME} and {SECRET_NAME} "
            f"({status}: {told}); check both, and that they are of that host",
            status=status,
        )
    if status == _NOT_FOUND:
        return ConfigError(f"{host} has no such data ({status}: {told}); check --url")
    return ConfigError(f"{host} refuses the request ({status}: {told})")


def _message(answer: Any) -> str:
    """Return what an error body says, whatever it is."""
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, Any])
    except UNREADABLE:
        return "no message"
    return str(body.get("message", "no message"))[:200]


def _host(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].rpartition("@")[2]
