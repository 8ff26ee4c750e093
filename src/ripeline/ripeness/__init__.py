"""How ripe each lead is, why, and how sure we are."""
