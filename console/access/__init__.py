"""Who is signed in to the console: sessions, signing in and out, and what each page needs."""
