"""Today: the short ranked list of each rep, and the outcomes that set the next date."""
