"""What every venue's client needs of a network: sockets that are kept open, patience, budgets."""
