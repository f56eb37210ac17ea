"""Networks that are not in the table of :mod:`densebench.models.variants`: of a file, of Keras, of a package."""
