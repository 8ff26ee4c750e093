"""The process behind the scenes: reactions, the schedule, long work."""
