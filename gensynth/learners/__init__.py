"""Small classifiers, one for each kind of data, that judge rows: of gates, of what is audited and compared."""
