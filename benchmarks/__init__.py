"""One script a question; each says how it measured. Run from the checkout's root."""
