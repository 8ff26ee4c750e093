"""Who becomes responsible for a lead, and why."""
