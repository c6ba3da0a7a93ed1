"""Words for codes: signals, dispositions, grades, reasons, captions, and the session's own English words in other languages."""
