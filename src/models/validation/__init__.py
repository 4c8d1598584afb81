"""Find what is unusual in a model, mark it, and list it to be looked at one by one."""
