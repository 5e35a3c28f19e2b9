"""What the process of the clock does: it ticks, relays the outbox and seals the audit log."""
