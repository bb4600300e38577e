"""The admin site: the event log and the ledger, to be read, and deliveries to be repaired."""
