"""Looking at scenes before they are trained on."""
