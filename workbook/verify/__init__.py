"""Proof of a finished workbook: every formula cell is recomputed by independent spreadsheet engines."""
