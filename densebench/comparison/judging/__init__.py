"""A row against its baseline: the numbers, the word for them, and the gate that fails a command."""
