"""A workflow service with a GraphQL API, and an event system around everything it does."""

__version__ = "0.1.0"
