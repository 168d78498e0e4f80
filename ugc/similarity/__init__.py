"""What looks or reads alike: vectors of pictures and texts in named spaces, made by replaceable encoders, searched by nearness."""
