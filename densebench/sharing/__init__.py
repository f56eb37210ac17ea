"""Whether results may be shared as records: complete, of a named machine and software, and of the phase they claim."""
