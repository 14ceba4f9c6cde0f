"""From a question to its answer: PromQL, parsed, planned and evaluated over the store."""
