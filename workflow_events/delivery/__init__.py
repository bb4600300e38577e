"""Receivers in the background: the event log, the ledger of deliveries, and who runs them."""
