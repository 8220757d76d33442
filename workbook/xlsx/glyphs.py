"""How wide texts are in Calibri."""

from __future__ import annotations

from functools import lru_cache

# Advance widths of the characters 32 to 126 in thousandths of the font's size: Carlito's, which has the metrics of Calibri.
_REGULAR = (
    *(226, 326, 401, 498, 507, 715, 682, 221, 303, 303, 498, 498, 250, 306, 252, 386, 507, 507, 507, 507, 507, 507, 507, 507),
    *(507, 507, 268, 268, 498, 498, 498, 463, 894, 579, 544, 533, 615, 488, 459, 631, 623, 252, 319, 520, 420, 855, 646, 662),
    *(517, 673, 543, 459, 487, 642, 567, 890, 519, 487, 468, 307, 386, 307, 498, 498, 291, 479, 525, 423, 525, 498, 305, 471),
    *(525, 229, 239, 455, 229, 799, 525, 527, 525, 525, 349, 391, 335, 525, 452, 715, 433, 453, 395, 314, 460, 314, 498),
)
_BOLD = (
    *(226, 326, 438, 498, 507, 729, 705, 233, 312, 312, 498, 498, 258, 306, 267, 430, 507, 507, 507, 507, 507, 507, 507, 507),
    *(507, 507, 276, 276, 498, 498, 498, 463, 898, 606, 561, 529, 630, 488, 459, 637, 631, 267, 331, 547, 423, 874, 659, 676),
    *(532, 686, 563, 473, 495, 653, 591, 906, 551, 520, 478, 325, 430, 325, 498, 498, 300, 494, 537, 418, 537, 503, 316, 474),
    *(537, 246, 255, 480, 246, 813, 537, 538, 537, 537, 355, 399, 347, 537, 473, 745, 459, 474, 397, 344, 475, 344, 498),
)
_OTHER = 550  # letters with accents, Greek, signs
_WIDE = 0x2E80  # from this code on, characters are as wide as they are high
_PIXELS = 96 / 72  # in a point


@lru_cache(maxsize=1 << 16)
def text_pixels(text: str, size: float, *, bold: bool) -> float:
    """Return the width in pixels of a text in Calibri of so many points."""
    widths = _BOLD if bold else _REGULAR
    total = sum(widths[code - 32] if 32 <= (code := ord(sign)) < 127 else 1000 if code >= _WIDE else _OTHER for sign in text)  # noqa: PLR2004 ASCII
    return total / 1000 * size * _PIXELS


@lru_cache(maxsize=1 << 16)
def line_count(text: str, room: float, size: float, *, bold: bool) -> int:
    """Return how many lines a text takes in so many pixels when it is broken between words."""
    count = 0
    blank = text_pixels(" ", size, bold=bold)
    for paragraph in text.split("\n"):
        count, used = count + 1, 0.0
        for word in paragraph.split():
            width = text_pixels(word, size, bold=bold)
            if used and used + blank + width > room:
                count, used = count + 1, 0.0
            used += width + (blank if used else 0.0)
            count += int(max(0.0, width - 1) // max(1.0, room))
    return count
