"""Which leads somebody looks at and in what order, and what of each they may see."""
