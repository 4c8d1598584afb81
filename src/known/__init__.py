"""Known structures of the sequences that are built: open, downloaded, predicted, solved."""
