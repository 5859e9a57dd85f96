"""Trade a recorded day at a simulated venue and compare it with its backtest."""
