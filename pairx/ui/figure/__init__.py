"""The Figure tab: a figure of a paper, put together from what was on screen."""
