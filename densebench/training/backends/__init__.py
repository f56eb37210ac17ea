"""Setting up TensorFlow, JAX or PyTorch under Keras."""
