"""Display frames between processes: one writes them, any number of others read them."""
