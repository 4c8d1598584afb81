"""All that makes the weights of the networks; a build never imports it."""
