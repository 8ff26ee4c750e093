"""The raw ASGI face: page hits, pixels and tracked links, in thousands a second. No Django, no ORM."""
