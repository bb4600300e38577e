"""Undoing what one receiver did, and nothing else (contract section 4)."""
