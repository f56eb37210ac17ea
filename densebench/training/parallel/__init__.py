"""One run on several devices: what each process drives, and how the processes agree."""
