"""Writing a placed workbook with XlsxWriter, the only importer of it."""
