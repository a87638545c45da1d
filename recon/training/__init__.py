"""Training of the learned stages. Where scenes come from is not its business: it asks a `SceneSource`."""
