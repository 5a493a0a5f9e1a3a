"""The lessons, as learners go through them."""
