"""The network: one forward pass over packed views, stage by stage, and the classical twin of each stage."""
