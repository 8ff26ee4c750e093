"""The commands: one module each, turning arguments into queries and actions, and their results into words or JSON."""
