"""The door for programs: REST v1, a module per resource."""
