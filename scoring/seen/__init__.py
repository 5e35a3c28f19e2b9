"""What a model sees of a customer: actions, what was known of them at a time, tokens, features."""
