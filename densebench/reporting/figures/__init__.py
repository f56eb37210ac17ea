"""Pictures of a comparison, drawn by matplotlib."""
