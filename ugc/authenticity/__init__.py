"""Signs that something may not be what it says it is. They flag for a person; none rejects anything, and stars are never looked at."""
