"""From what the user typed to the runs that will be made: checked in full before anything heavy loads."""
