"""One file a step. A step that was released is never edited: what it made is out there."""
