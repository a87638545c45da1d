"""How good scenes are, by photos and depth that were not used to make them."""
