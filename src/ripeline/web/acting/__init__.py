"""What is done with one lead, and the screen that answers."""
