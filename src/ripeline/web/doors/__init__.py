"""Capture: forms, hooks, booths, cards, links, questions; and the pages of doors that strangers see."""
