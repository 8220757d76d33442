"""Files that people have, such as traces and configurations of models, read into cards."""
