"""CIFAR in the forms into which others have brought it: Keras's arrays, Hugging Face's parquet, Kaggle's PNGs."""
