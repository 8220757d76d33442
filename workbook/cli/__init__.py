"""The command line: every command is one call of the public API."""
