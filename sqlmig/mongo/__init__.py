"""Seeds MongoDB from fixtures: `fixtures` reads and checks them, `seeder` brings them in."""
