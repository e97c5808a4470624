"""The Compare tab: one pair by many methods."""
