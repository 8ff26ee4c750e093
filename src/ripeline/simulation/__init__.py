"""What each way of following up would bring this company: its own figures, put into the simulated market."""
