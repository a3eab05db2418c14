"""A text as counts of its letters."""

import torch

from helpers.exercises import exercise


def with_find(words, letters):
    """Look for each letter's place, -1 for one that has none."""
    X = torch.zeros(len(words), len(letters))
    for row, word in zip(X, words, strict=True):
        for letter in word:
            row[letters.find(letter)] += 1
    return X


def with_index(words, letters):
    """Look for each letter's place, an error for one that has none."""
    X = torch.zeros(len(words), len(letters))
    for row, word in zip(X, words, strict=True):
        for letter in word:
            row[letters.index(letter)] += 1
    return X


@exercise(
    "A bag of letters",
    cases=[
        (["noon", "on"], "no"),
        (["banana", "cab", "dad"], "ndabc"),
        (["tea for two", "to be", "bee", "a"], "eotab"),
    ],
    hint="`word.count(letter)` counts a letter in a text, 0 if it is not there. Make a "
    "list of lists of numbers, and a tensor of it.",
    then="A bag holds no order: “no” and “on” have the same row. A network that is to "
    "read the order needs one vector for each letter.",
    usual="""
        word.count(letter) => int(letter in word)
            You noted whether a letter is there. It is to be counted: “noon” has two n.
        word.count(letter) => word.count(letter) / len(word)
            These are shares of the word's length. Asked for are counts.
        word.count(letter) => word.find(letter)
            This is the place of the letter in the word. Asked for is how often it is
            there.
        return torch.tensor(counts) => return torch.tensor(counts).T
            The axes are exchanged: a row is a word, a column a letter.
        return torch.tensor(counts) => return torch.tensor(counts).sum(0)
            All words are in one bag. Each word has a row of its own.
        return torch.tensor(counts) => return counts
            This is a list of lists. `torch.tensor` makes a tensor of it.
        for letter in letters] => for letter in sorted(letters)]
            The columns are in alphabetical order. Column k belongs to `letters[k]`.
        [word.count => [words[0].count
            Every row counts the letters of the first word.
    """,
    others={
        "A letter that is not in `letters` is counted in the last column: `find` gives "
        "-1 for it. It is not to be counted.": with_find,
        "Some words hold letters that are not in `letters`, where `index` raises an "
        "error. They are not to be counted.": with_index,
    },
)
def bag_of_letters(words, letters):  # list of n texts, text of V letters -> (n, V)
    counts = [[word.count(letter) for letter in letters] for word in words]
    return torch.tensor(counts)
