"""Fit what ships in ``weights/`` from data: each module is a command that writes its file there."""
