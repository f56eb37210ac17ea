"""MNIST, Fashion-MNIST and SVHN: their official files, found or downloaded, checked and read."""
