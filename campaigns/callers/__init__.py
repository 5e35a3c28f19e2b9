"""Who may call: roles, staff, keys, and the limit on guesses."""
