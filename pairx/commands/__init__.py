"""The commands: for each, the options that it adds to a parser, and what it does with the arguments."""
