"""The audit log between the wire and us."""
