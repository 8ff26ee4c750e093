"""Settings, and one's own profile."""
