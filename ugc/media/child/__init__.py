"""What runs in the limited process: no settings, no database, no secrets; only Pillow and numpy are imported here."""
