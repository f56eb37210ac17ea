"""The trained network as a file, and what a file says of how it was trained."""
