"""Orders at Alpaca: rules, requests, and what became of ours."""
