"""Parameters from files, options and the parameter desk."""
