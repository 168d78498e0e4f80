"""What visitors did: the append-only event log, sessions, touches and the joins of visitors to orders."""
