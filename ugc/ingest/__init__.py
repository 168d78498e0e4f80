"""How content gets in: imports of files, folders and rows, and direct uploads. An outside shape becomes a library item."""
