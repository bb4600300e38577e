"""The domain: cases, work items, the flows that lead them on, and the events of all that."""
