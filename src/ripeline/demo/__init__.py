"""The demo company: believable people, leads and history, made by the market's law through the real actions."""
