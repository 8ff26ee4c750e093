"""The REST face: translates JSON to actions and back, and decides nothing."""
