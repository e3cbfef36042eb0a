"""Other services’ clients."""
