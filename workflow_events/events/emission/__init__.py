"""Emitting: from an occurrence to its receivers, now, after COMMIT, or stored for later."""
