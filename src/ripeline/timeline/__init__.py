"""What happened, append-only, keyed by lead id; and the queue of reactions to it."""
