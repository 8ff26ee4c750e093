"""What is written of people and companies, as text: names, numbers, ids. No table."""
