"""What is known about ripening, in numpy and the standard library only: no Django, no database, no clock."""
