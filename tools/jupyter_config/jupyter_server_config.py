"""How notebooks are saved and opened, by `make lab` and any server of this Python."""

import sys
import warnings
from pathlib import Path

# Where several clones share an environment, its own config names one of them and has
# run before that of `make lab` or of the tests: theirs are the modules beside it.
for name in ("contents", "present", "stored"):
    sys.modules.pop(name, None)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from contents import PictureContents  # noqa: E402
from stored import keep_pictures  # noqa: E402

# The server applies this file twice, and warns that the hook replaces itself.
warnings.filterwarnings("ignore", "Overriding existing pre_save_hook")

c = get_config()  # noqa: F821  (given by traitlets)
c.ContentsManager.pre_save_hook = keep_pictures
c.ServerApp.contents_manager_class = PictureContents
