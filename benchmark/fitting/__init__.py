"""Fits the constants that ship in ``weights/``, one command a file, each with its card."""
