"""Results on disk: one CSV file a run, read and written."""
