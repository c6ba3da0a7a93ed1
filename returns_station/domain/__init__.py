"""The nouns of a return and the rules that hold between them; no input or output happens here."""
