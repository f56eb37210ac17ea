"""What a run's process does: a job for each kind of task."""
