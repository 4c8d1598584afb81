"""A stand-in, not ChimeraX: see ../../README.md."""


class BundleAPI:
    """What a bundle's entry point derives from."""

    api_version = 0
