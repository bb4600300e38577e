"""Seeing what happened: traces of emissions, and runs that leave nothing behind."""
