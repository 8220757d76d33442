"""What an update changed, as data and as sheets."""
