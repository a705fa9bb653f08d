"""Forgeries that a reader of the checker tried: each once passed, or nearly."""
