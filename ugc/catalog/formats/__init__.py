"""Product feeds: one module for each way to write them; each gives attributes by Google's names."""
