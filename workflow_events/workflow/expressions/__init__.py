"""The expressions of flows and of groups: what comes next, and who is addressed (facts 2.7)."""
