"""What every calculated quantity should be: how the equations apply to the inputs and rows of the two workbooks."""
