"""A look-alike of Alpaca that replays recorded days over its own protocols and fills orders."""
