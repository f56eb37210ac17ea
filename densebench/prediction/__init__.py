"""From measured steps to what a training will cost: a pure function of runs on disk and of what networks count."""
