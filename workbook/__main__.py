"""``python -m workbook`` equals the console command."""

from workbook.cli.main import run

run()
