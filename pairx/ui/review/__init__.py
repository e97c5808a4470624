"""The Review tab: a query, its candidates, a decision that lasts."""
