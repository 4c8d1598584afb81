"""Show jobs in the scene: while they run, when they are opened, and in restored sessions."""
