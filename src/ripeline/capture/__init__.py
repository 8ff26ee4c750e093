"""Every door a lead comes in by."""
