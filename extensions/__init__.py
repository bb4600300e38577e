"""Receivers of this deployment: every module in here is loaded at the start."""
