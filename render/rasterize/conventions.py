"""The numbers that make pictures of different rasterizers the same; gsplat 1.5.3 and INRIA's viewers have
them too."""

ALPHA_CAP = 0.999
"""No Gaussian hides more than this, so that transmittance stays above 0."""
ALPHA_CUTOFF = 1 / 255
"""What adds less to a pixel is left out."""
TRANSMITTANCE_STOP = 1e-4
"""A Gaussian that would leave this or less ends the pixel, and is itself left out."""
FOV_MARGIN = 0.3
"""A footprint's Jacobian is taken at a point at most this many half fields of view beyond the image's
edge."""
NEAR_FRACTION = 1e-2
NEAR_QUANTILE = 0.1
"""Without a given near plane it is NEAR_FRACTION times this quantile of the depths in front of the camera."""
