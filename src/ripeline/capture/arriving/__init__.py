"""How whoever comes becomes a lead or is known again, whatever their door."""
