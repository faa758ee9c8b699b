"""What providers bill: one-off claims, who may make them, how they are checked, and what the panel decides."""
