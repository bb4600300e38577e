"""Declaring events: classes, names, what every occurrence knows of itself."""
