"""The door for people: the command line, and the pages of marketing ops."""
