"""One signal a file: what it looks at, what that is worth from 0 to 1, and why, in words. Stars are never looked at (L-01)."""
