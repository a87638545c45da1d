"""Looking at a scene: fly-throughs, a page that opens from disk, an app in the browser. viser is known here alone."""
