"""Edits that go through spreadsheet programs and come back."""
