"""Workbooks as pages: PDF files and pictures, by LibreOffice."""
