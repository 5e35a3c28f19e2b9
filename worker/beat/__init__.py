"""What the process of the clock does beside its ticks: it relays the outbox and seals the audit log."""
