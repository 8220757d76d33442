"""What is wrong with a workbook as it is saved, by the rules of good spreadsheets."""
