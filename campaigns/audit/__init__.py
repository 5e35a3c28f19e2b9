"""The audit log as evidence: sealed, anchored, verified, explained."""
