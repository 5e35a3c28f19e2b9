"""Models at work: what a replica is asked, how it computes, on which device and in which precision."""
