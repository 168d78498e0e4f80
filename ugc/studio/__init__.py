"""The door for coordinators: server-rendered pages, a module and a templates folder per room."""
