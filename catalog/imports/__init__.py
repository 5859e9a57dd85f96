"""Files of any known format into the catalog: read, checked, merged, stored."""
