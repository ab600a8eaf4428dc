"""Did it help, does it harm: what a policy does to labels (`audit`), and which policy helps (`search_policy`)."""
