"""What every screen stands in and is made with."""
