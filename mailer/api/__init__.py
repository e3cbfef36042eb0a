"""The frame of every API call: keys, errors, pages."""
