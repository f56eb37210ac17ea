"""The networks: one definition each, its interpreters, and the table of names."""
