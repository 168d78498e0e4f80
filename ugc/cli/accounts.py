"""Commands about the installation and its people: migrate, check, brand, user, key."""

from __future__ import annotations
