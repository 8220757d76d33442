"""Edits that go through spreadsheet programs and come back."""

import pytest

pytest.register_assert_rewrite("tests.roundtrip.storm")
