"""What the bot's tests play with: findings, diffs, and a GitHub that keeps its state."""
