"""An audit as data: JSON of our own, and SARIF 2.1.0, which code reviews and dashboards of findings read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbook.audit.report import Audit, Verdict
    from workbook.audit.rules import Found

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(audit: Audit) -> dict[str, Any]:
    """Return an audit as JSON can hold it: each rule with all of its findings."""
    return {"file": str(audit.path), "passes": audit.passes, "rules": [_rule(verdict) for verdict in audit.verdicts]}


def _rule(verdict: Verdict) -> dict[str, Any]:
    rule = verdict.rule
    return {
        "rule": rule.number,
        "title": rule.title,
        "source": rule.source,
        "verdict": "fail" if verdict.found else "pass",
        "findings": [_finding(found) for found in verdict.found],
        "intended": [{**_finding(found), "reason": reason} for found, reason in verdict.intended],
    }


def _finding(found: Found) -> dict[str, Any]:
    return {"sheet": found.sheet, "cells": found.address, "count": found.cells, "what": found.what}


def as_sarif(audit: Audit, version: str) -> dict[str, Any]:
    """Return an audit as a SARIF log of one run; findings that are intended are suppressed, with their reasons."""
    rules = [
        {"id": verdict.rule.number, "shortDescription": {"text": verdict.rule.title}, "fullDescription": {"text": verdict.rule.source}}
        for verdict in audit.verdicts
    ]
    uri = audit.path.as_posix().replace(" ", "%20")
    results = [
        _result(number, verdict.rule.number, found, uri, reason)
        for number, verdict in enumerate(audit.verdicts)
        for found, reason in (*((found, "") for found in verdict.found), *verdict.intended)
    ]
    driver = {"name": "workbook audit", "version": version, "rules": rules}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(index: int, number: str, found: Found, uri: str, reason: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": number,
        "ruleIndex": index,
        "level": "warning",
        "message": {"text": f"{found.where}: {found.what}"},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": uri}}, "logicalLocations": [{"fullyQualifiedName": found.where}]},
        ],
    }
    return result | {"suppressions": [{"kind": "inSource", "justification": reason}]} if reason else result
