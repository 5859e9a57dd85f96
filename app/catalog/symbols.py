"""The symbols that a catalog knows, with exchange, name and tape."""

from __future__ import annotations

import msgspec

from catalog import Catalog


class ListedSymbol(msgspec.Struct, frozen=True):
    """What is known of a symbol; each text is empty where it is not."""

    symbol: str
    exchange: str
    name: str
    tape: str


def listed_symbols(catalog: str) -> tuple[ListedSymbol, ...]:
    """Return the symbols of a catalog, by symbol; raises ``NotFoundError`` where there is none."""
    rows = Catalog.open(catalog).instruments.table().to_pylist()
    listed = [{name: row[name] or "" for name in ListedSymbol.__struct_fields__} for row in rows]
    return tuple(msgspec.convert(row, ListedSymbol) for row in listed)
