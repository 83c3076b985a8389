"""Keep what happened: one log that is the truth, and the views of it."""
