"""The commands, one a file: each parses its options, calls a workflow and prints."""
