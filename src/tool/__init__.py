"""The windows: they only build commands and show what jobs, models and regions say."""
