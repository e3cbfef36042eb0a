"""The frame of every page: who may see it, errors, assets, headers, pagination."""
