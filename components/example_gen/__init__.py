"""ImportExampleGen: TFRecords become Examples, split and fingerprinted; in memory it holds none of them."""
