"""What an item probably shows: products, tags and alt text, ranked with reasons; accepted or refused by a person, which teaches."""
