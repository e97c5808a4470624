"""The Explain tab: one pair by PAIR-X."""
