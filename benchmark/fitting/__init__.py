"""Fit the constants that ship with Critasser; each module is a command that writes a file."""
