"""Does a campaign work: who is held out, what came of it, how sure we are, and what the next one will do. Pure."""
