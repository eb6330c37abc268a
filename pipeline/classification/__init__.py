"""What a pushed model says about files and texts: `slipway classify`."""
