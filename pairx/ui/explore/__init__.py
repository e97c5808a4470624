"""The Explore tab: the pairs of a whole data set."""
