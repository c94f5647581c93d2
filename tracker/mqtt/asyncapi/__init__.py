"""The topics as an AsyncAPI document, made from the types that are sent and read.

`python -m tracker.mqtt.asyncapi` prints it; `make asyncapi` writes docs/asyncapi.json.
"""
