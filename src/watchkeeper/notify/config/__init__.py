"""The notification parts of the configuration: `receivers`, and what `global` says for them."""
