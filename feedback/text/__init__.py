"""Text as we store, compare, mark and show it. No models; every room may import from here."""
