"""CIFAR-10 and CIFAR-100: their archives, checked and read."""
