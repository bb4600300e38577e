"""The object types of the API."""
