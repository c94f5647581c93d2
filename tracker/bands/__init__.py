"""The way to a band: codec, reader, link, radio. Only the two radios know bleak."""
