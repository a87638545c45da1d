"""Things made of simple shapes, a family a file: functions that make a mesh of random numbers."""
