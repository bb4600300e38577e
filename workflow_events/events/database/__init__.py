"""What the rooms share about Django's connections: prepared statements, keys, outages."""
