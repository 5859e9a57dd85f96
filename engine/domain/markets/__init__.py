"""A market in the domain's words: its instruments, price grids and what it attests."""
