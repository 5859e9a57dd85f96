"""Tables of accounting, projected from facts."""
