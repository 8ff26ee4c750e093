"""Everything that leaves the house by mail: written, claimed, allowed (consent, suppression), handed over, once."""
