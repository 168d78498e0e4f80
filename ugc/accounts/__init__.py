"""Brands (tenants), people and their roles, sign-ins, API keys, the audit log. Promises that every brand sees only its own."""
