"""How an order meets the market."""
