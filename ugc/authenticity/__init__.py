"""Signs that something may not be what it says it is. They flag for a person and reject nothing; stars are never looked at."""
