"""Pure: categories, prompt, reading the answer."""
