"""Who may call and sign in."""
