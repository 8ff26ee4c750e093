"""Capture, imports: from the file to what came of it, its schedules, and taking it back."""
