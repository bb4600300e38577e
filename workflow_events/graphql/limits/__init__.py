"""What a request may ask for at most: documents, values, time (docs/how-to/limit-requests.md)."""
