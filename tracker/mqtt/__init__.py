"""The house hears it: topics, payloads, the publisher that works from the outbox, commands."""
