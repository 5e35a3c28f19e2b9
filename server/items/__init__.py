"""Items between the wire and us."""
