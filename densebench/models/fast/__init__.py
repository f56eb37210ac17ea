"""The fast implementation: the same networks on faster kernels."""
