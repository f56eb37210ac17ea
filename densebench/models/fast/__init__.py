"""The fast implementation: the same networks on kernels of their own."""
