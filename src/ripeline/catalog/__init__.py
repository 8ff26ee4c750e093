"""What leads come from and end with: sources, campaigns, close reasons, custom fields."""
