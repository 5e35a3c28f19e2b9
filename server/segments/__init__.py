"""Who is meant, between the wire and us."""
