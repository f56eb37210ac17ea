"""``plan``: what to measure, what each training will cost, and which to start."""
