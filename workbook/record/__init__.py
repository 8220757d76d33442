"""What a build carries about itself in the hidden sheet: written here, read here, found again after edits."""
