"""What every body of a fact has in common."""

from __future__ import annotations

import msgspec


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Body of a fact.

    Prices, money and shares are exact ``Decimal``, money in the account's currency (USD), times UTC
    nanoseconds. ``symbol`` and ``venue`` together are the key of an instrument, ``AAPL.ALPACA``;
    ``account`` is what the configuration calls the account at that venue, ``main`` by default.
    Every fact of a trade, order, fill or payment names all three, so that it can be read alone;
    the strategy is named by the plan, by the facts of a trade's life and in its ``trade_id``. What
    concerns a whole run, day or symbol list is of the account that ``RunStarted`` names.
    """
