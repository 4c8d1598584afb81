"""The folder that holds the engine; a package only so that the bundle build takes it along."""
