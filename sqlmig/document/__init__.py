"""The schema as a document: Markdown with a picture, made from the migrations."""
