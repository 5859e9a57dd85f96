"""How a request becomes an order, or is refused."""
