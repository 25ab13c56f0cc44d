"""One file a format: `render(reviews, options) -> str`. Adding a file here adds the format."""
