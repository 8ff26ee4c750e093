"""Who somebody is, and of which company: by keys, names and mailboxes."""
