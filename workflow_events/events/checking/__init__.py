"""What is wrong with receivers, found before an event is emitted (docs/reference/checks.md)."""
