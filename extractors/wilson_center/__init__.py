"""All that only the Wilson Center Digital Archive has: hosts, addresses, facets, page layouts, samples."""
