"""Files taken in: a run from its upload to its end, its dry run, several in one go, again and again, taken back."""
