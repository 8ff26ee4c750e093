"""What strangers and programs send us: forms, hooks and the API, how they are set up and what came through them."""
