"""Labels as models in millimetres and the renderers that draw them; imports nothing of the station."""
