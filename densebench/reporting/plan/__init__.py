"""A plan as a table, in words and for machines."""
