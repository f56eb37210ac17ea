"""One child process a run."""
