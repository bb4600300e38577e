"""Registering receivers: what ``@on`` takes, and the one registry."""
