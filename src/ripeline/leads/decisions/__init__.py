"""How leads come to be and what is decided about them: recorded with each change, and taken back by it."""
