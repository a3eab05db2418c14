"""What belongs to the welcome notebook alone."""

from helpers.chapters.welcome.overview import ChapterMap, chapter_map

__all__ = ["ChapterMap", "chapter_map"]
