"""Signing in with passkeys, sessions, and what a passkey confirms."""
