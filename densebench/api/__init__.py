"""The Python API, used as ``densebench.train`` and so on: arguments to options, one workflow, pandas frames."""
