"""Pure tools without a home in any domain: ids, time, addresses, tokens, secrets."""
