"""Reviews from files: one module for each app's way to write them, and readers for tables and for Google's feed."""
