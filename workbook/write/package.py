"""The parts of a workbook to one packed file: equal parts give equal bytes."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import xlsxwriter
from xlsxwriter.packager import Packager

from workbook.xlsx.seals import seal_of

if TYPE_CHECKING:
    from collections.abc import Callable

COMPRESSION = 8
"""7% smaller than XlsxWriter's 6; 7 saves 4%, 9 no more than 8: wide tables repeat themselves far apart."""

STAMP = (1980, 1, 1, 0, 0, 0)


class Package:
    """A file that parts are packed into by another thread: compressing a sheet takes as long as writing it out."""

    def __init__(self) -> None:
        """Begin an empty file."""
        self._packed = BytesIO()
        self._archive = ZipFile(self._packed, "w", ZIP_DEFLATED, compresslevel=COMPRESSION)
        self._worker = ThreadPoolExecutor(max_workers=1)  # one at a time, in the order in which they come
        self._pending: list[Future[None]] = []

    def add(self, name: str, data: bytes) -> None:
        """Pack a part behind those that came before it."""
        entry = ZipInfo(name, STAMP)
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
        self._pending.append(self._worker.submit(self._archive.writestr, entry, data, compresslevel=COMPRESSION))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown(cancel_futures=True)
        self._archive.close()

    def packed(self) -> bytes:
        """Return the file, sealed, when every part is packed; there is no other part after that."""
        for part in self._pending:
            part.result()
        self._archive.comment = seal_of(self._archive.infolist())
        self._archive.close()
        return self._packed.getvalue()


class Book(xlsxwriter.Workbook):  # type: ignore[misc] # XlsxWriter is not fully typed
    """A workbook that hands over each of its parts when it is finished, and packs none itself."""

    def __init__(self, take: Callable[[str, bytes], None]) -> None:
        """``take`` is given the name of a part and what it holds."""
        super().__init__(BytesIO(), {"in_memory": True, "strings_to_urls": False, "nan_inf_to_errors": False})
        self._take = take

    def _get_packager(self) -> Packager:
        return _Handing(self._take)


class _Handing(Packager):  # type: ignore[misc] # as above
    """Parts are written one after the other: where the next one begins, those before it are finished."""

    def __init__(self, take: Callable[[str, bytes], None]) -> None:
        super().__init__()
        self._take = take

    def _filename(self, xml_filename: str) -> Any:
        self._hand_over()
        return super()._filename(xml_filename)

    def _create_package(self) -> list[Any]:
        super()._create_package()
        self._hand_over()
        return []

    def _hand_over(self) -> None:
        for text, name, _ in self.filenames:
            self._take(name, text.getvalue().encode())
        self.filenames.clear()
