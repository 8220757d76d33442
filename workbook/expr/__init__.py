"""Expressions: parsed once, then read as NumPy values, Excel text, units and prose."""
