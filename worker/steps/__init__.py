"""A step of each kind of bulk work: read a chunk, compute with no transaction open, write it with its cursor."""
