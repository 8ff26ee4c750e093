"""The list of leads, and what is done with many of them."""
