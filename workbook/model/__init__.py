"""The model: graph of quantities, rows and keys, tables and views; resolved, ordered and evaluated."""
