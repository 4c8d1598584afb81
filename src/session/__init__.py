"""The ground: settings, messages, quoting, files, processes, background tasks."""
