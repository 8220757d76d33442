"""Planted mistakes: each file a small template that is wrong, with the whole message it gets below it.

A file is the sheet ``sheets/sheet.yaml`` of the workbook in ``base/``, or begins its parts with ``# file: PATH``, each of which
takes the place of that file there. What follows ``# message:`` is what ``workbook check`` prints, every line as a comment.

After a change of messages ``python -m tests.mistakes`` writes those of today into the files: read the difference before committing it.
"""
