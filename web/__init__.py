"""The gateway: API, live push and the built cockpit, served to browsers and programs."""
