"""Who works here: users, teams, roles, working time, who can be responsible, the audit log."""
