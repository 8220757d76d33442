"""Questions to a built model: cells and inputs, results of cases, the best rows of a search."""
