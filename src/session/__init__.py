"""What everything else stands on: settings, messages, quoting, the operating system, threads."""
