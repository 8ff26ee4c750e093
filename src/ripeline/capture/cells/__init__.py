"""What cells hold and headings name: no database, no file."""
