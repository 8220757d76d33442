"""What goes where: every quantity's cells, labels, formulas and styles. Nothing here writes a file."""
