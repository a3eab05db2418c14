"""Explorers of chapter 10, recurrent networks: each has a module of its own."""

from helpers.chapters.recurrent_networks.embeddings import embeddings
from helpers.chapters.recurrent_networks.gates import gates
from helpers.chapters.recurrent_networks.temperature import temperature
from helpers.chapters.recurrent_networks.through_time import through_time

__all__ = ["embeddings", "gates", "temperature", "through_time"]
