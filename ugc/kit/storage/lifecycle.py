"""What a bucket does with files by itself: it should end uploads left half done, and never delete a file of ours (F-23)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# What lies there can't be read before somebody has it brought back.
ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}
# Amazon's own advice; by then nobody goes on with an upload.
MOST_DAYS = 7


def find_faults(rules: Iterable[Mapping[str, Any]], prefix: str) -> list[str]:
    """What is wrong with a bucket's rules for files below a prefix, in words; empty if nothing is."""
    active = [rule for rule in rules if rule.get("Status") == "Enabled"]
    faults = [f"rule {name_of(rule)} deletes files" for rule in active if deletes(rule) and touches(rule, prefix)]
    faults += [f"rule {name_of(rule)} takes files to an archive" for rule in active if archives(rule) and touches(rule, prefix)]
    if not any(ends_uploads(rule) and prefix.startswith(prefix_of(rule)) and not is_narrow(rule) for rule in active):
        faults.append(f"no rule ends uploads that were left half done (AbortIncompleteMultipartUpload, at most {MOST_DAYS} days)")
    return faults


def name_of(rule: Mapping[str, Any]) -> str:
    """The rule's id."""
    return repr(rule.get("ID", ""))


def prefix_of(rule: Mapping[str, Any]) -> str:
    """Where a rule holds, in whichever of three places it says so."""
    filtered = rule.get("Filter") or {}
    return str(rule.get("Prefix") or filtered.get("Prefix") or (filtered.get("And") or {}).get("Prefix") or "")


def is_narrow(rule: Mapping[str, Any]) -> bool:
    """Whether a rule holds for some files only, by tag or size."""
    return bool({"Tag", "And", "ObjectSizeGreaterThan", "ObjectSizeLessThan"} & set(rule.get("Filter") or {}))


def touches(rule: Mapping[str, Any], prefix: str) -> bool:
    """Whether a file below the prefix can fall under the rule."""
    at = prefix_of(rule)
    return at.startswith(prefix) or prefix.startswith(at)


def deletes(rule: Mapping[str, Any]) -> bool:
    """Whether the rule deletes current files; removing old versions and their markers does not."""
    return bool({"Days", "Date"} & set(rule.get("Expiration") or {}))


def archives(rule: Mapping[str, Any]) -> bool:
    """Whether the rule takes current files to where they can't be read at once."""
    return any(each.get("StorageClass") in ARCHIVES for each in rule.get("Transitions") or ())


def ends_uploads(rule: Mapping[str, Any]) -> bool:
    """Whether the rule ends abandoned uploads soon enough."""
    days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    return isinstance(days, int) and 0 < days <= MOST_DAYS
