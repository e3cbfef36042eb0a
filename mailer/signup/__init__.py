"""Sign-up forms: designed, hosted, framed by other sites, on posters and at a kiosk; and their defences."""
