"""What the trading API tells of the market: assets, hours, settlement, announcements."""
