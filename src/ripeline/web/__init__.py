"""The screens: translate between people and the slices, nothing else."""
