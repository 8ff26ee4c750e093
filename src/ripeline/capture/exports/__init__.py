"""Lists of leads as files, for people and for other systems."""
