"""What a worker does: claims what is due, and runs it in threads that can be interrupted."""
