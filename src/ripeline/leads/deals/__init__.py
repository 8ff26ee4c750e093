"""Deals of other systems, won, lost or still open: whose each is, and what that makes of the lead."""
