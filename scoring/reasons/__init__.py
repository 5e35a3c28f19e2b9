"""Why a score is what it is: effects of features and events, what would change it, in words."""
