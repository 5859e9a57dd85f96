"""What is asked of the data API: by whom, in which words, and how it is refused or paged."""
