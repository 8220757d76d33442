"""``python -m workbook`` equals the console command."""

from workbook.cli.main import main

main(prog_name="workbook")
