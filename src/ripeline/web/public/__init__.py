"""Pages of those who are not signed in."""
