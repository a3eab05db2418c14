"""Claims of chapter 9, transfer learning: experiment and question of each.

`last_layer` and `fine_tuning` take the network learned on ImageNet and small pictures,
with so many labels for each class; `augmentation`, `complex_source` and `low_layers`
take small networks and the course's images, halved to 14 x 14 pixels.

Each configuration has one knob of its own, chosen on the validation examples and then
reported on the test: a probe the penalty on its weights, whatever trains in steps the
rate of Adam, which falls to 0 along a cosine. A body that is fine-tuned and its new
classifier share it, the classifier's rate being 25 times the body's. Where the best
stands at the end of its grid, the grid goes on. The emoji have 36 validation pictures
only, so that a knob is chosen by one or two of them: what this costs is in the spread
over the seeds.

The cuts that decide a claim were fixed before any run at full size: accuracies differ
from one percentage point on. What was changed after a look: `last_layer` has no look
in the notebook, since with three or six seeds its word was another now and then; in
`low_layers` a probe takes the place of Adam where all layers are frozen, since the
search for its rate did not end; and `augmentation` and `low_layers` got fewer epochs,
`complex_source` more seeds.
"""

from helpers.chapters.transfer_learning.claims.augmenting import augmentation
from helpers.chapters.transfer_learning.claims.probing import last_layer
from helpers.chapters.transfer_learning.claims.sources import complex_source, low_layers
from helpers.chapters.transfer_learning.claims.tuning import fine_tuning

__all__ = [
    "augmentation",
    "complex_source",
    "fine_tuning",
    "last_layer",
    "low_layers",
]
