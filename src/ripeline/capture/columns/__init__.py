"""Which column of a file is which field, and what its rows say by that."""
