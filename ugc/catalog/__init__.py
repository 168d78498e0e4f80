"""Products and the feeds that bring them. Promises that an import is idempotent and reports every line that it refused."""
