"""What runs in the limited process: no settings, no database, no secrets; only Pillow, numpy and pdqhash are imported here."""
