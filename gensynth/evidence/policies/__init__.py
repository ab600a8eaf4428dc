"""What a policy of changes does to labels (`audit`), and which one helps a classifier (`search_policy`)."""
