"""Reading .xlsx files safely, and A1 notation."""
