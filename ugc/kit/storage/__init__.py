"""Files by key behind one interface: a local folder or an S3 bucket. A file appears whole or not at all, and stays once stored."""
