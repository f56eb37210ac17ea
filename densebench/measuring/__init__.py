"""Time, memory, energy, and the environment of a run."""
