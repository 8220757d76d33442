"""What is wrong with a workbook that can be built."""
