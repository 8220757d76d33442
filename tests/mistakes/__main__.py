"""Write the messages of today into the files of planted mistakes: all, or those whose names hold one of the words given."""

import sys
import tempfile
from pathlib import Path

from tests.mistakes.planted import HERE, message_of, planted_files, read, write_message

for path in planted_files():
    name, words = str(path.relative_to(HERE)), sys.argv[1:]
    if not words or any(word in name for word in words):
        with tempfile.TemporaryDirectory() as folder:
            planted = read(path)
            message = message_of(planted.write(Path(folder) / "templates"))
        if message != planted.message:
            print(name)
            write_message(path, message)
