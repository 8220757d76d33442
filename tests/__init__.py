"""Tests: run them with bash tests/run."""
