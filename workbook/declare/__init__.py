"""Declarations: YAML with positions, read and validated; overlays laid over them."""
