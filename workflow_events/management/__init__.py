"""The commands of the service that Django finds by itself."""
