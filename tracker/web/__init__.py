"""The page: what the band feels, readable from the floor, and the history behind it."""
