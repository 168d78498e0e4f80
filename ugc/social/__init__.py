"""Connected sources on networks, blogs and boards: what they bring, how they are, what may be kept of it."""
