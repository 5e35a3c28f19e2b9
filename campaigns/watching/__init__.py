"""How it all goes, for whoever watches."""
