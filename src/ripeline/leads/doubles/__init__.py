"""Two records of one person, two rows of one company: found by what they share, made one, and parted again."""
