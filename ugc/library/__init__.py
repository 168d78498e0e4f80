"""Items, creators, tags, product tags and their moderation; search with facets. Reads of content go through here."""
