"""What the look-alike remembers: orders, accounts, stocks and their markets."""
