"""``python -m workbook`` equals the console command."""

from workbook.cli import main

main(prog_name="workbook")
