"""How a command speaks, who acts by it, and its one transaction."""
