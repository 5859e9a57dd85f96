"""Use cases, and the registries that join concrete parts; no terminal and no web server."""
