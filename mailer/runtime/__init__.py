"""What runs: the supervisor and its processes, their heartbeats, health."""
