"""The figures of the workbooks from elsewhere: equations, printed tables, measurements.

``equations`` holds plain functions from the literature, ``expect`` what they make of the inputs in every row; the modules here
hold printed figures, draw edits, and compare. Nothing imports the part of the package that understands expressions.
"""
