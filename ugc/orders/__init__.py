"""The order feed: orders, lines, refunds, and the durable inbox of webhooks. Revenue only ever comes from here."""
