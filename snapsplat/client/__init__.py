"""The other end of the wire: photos go to a server, a scene comes back. Of `server` it knows `server/pb` alone."""
