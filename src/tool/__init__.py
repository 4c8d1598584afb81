"""Windows: each only builds commands and runs them."""
