"""The launcher of an array job on SLURM."""
