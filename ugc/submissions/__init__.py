"""What customers send themselves: resumable uploads, the terms that they agreed to, the link to take it back."""
