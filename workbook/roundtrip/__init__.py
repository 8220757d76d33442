"""Edits of a file that went through spreadsheet programs, read back and carried on."""
