"""The one way to an address that a user or a network gave: checked, pinned, without proxies, within time and size (T-30 … T-34)."""
