"""What we measure ourselves and others with; ``python -m benchmarks`` (``make bench``)."""
