"""Train the networks: all that makes their weights, and nothing that a build imports."""
