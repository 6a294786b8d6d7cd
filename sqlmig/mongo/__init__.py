"""Seeds MongoDB from fixtures: `fixtures` reads and checks them, `seeder` writes them."""
