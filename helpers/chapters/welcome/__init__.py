"""What belongs to the welcome notebook alone."""

from helpers.chapters.welcome.ahead import Ahead, what_comes
from helpers.chapters.welcome.overview import ChapterMap, chapter_map

__all__ = ["Ahead", "ChapterMap", "chapter_map", "what_comes"]
