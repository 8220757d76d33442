"""Random expressions: what NumPy computes against what spreadsheet engines compute from the written formulas."""
