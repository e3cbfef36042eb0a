"""Demo worlds and audiences of any size."""
