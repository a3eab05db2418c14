"""Setting a panel's controls from Python and from a pasted line."""

from helpers.tuning import settings_line
from helpers.tuning.ranges import Range
from helpers.widgets.sliders import value_of


class Adjustable:
    """What a panel can do with its settings; mixed into `TuningPanel`.

    It uses the panel's ``_ranges`` and ``_controls``, both by name.
    """

    _ranges: dict[str, Range]

    @property
    def settings(self) -> dict[str, object]:
        """The values that the controls show now."""
        return {n: value_of(n, r, self._controls[n]) for n, r in self._ranges.items()}

    @property
    def settings_text(self) -> str:
        """The settings as one line, such as ``lr=0.1 num_epochs=10 seed=0``."""
        return settings_line.render(self._ranges, self.settings)

    def paste(self, text: str) -> None:
        """Set the controls that a line like `settings_text` names.

        Raises
        ------
        ValueError : the line cannot be read, or a value is outside its range; then
            nothing has changed, and the message is one sentence.
        """
        self.set(**settings_line.parse(text, self._ranges))

    def _pasted(self, text: str) -> None:
        try:
            self.paste(text)
        except ValueError as error:
            self._say(f"Nothing was changed: {error}.", error=True)
        else:
            self._more.follow(self.settings_text)
            if self._choice is None or self._choice.problem is None:
                self._say("The controls show the pasted settings.")

    def set(self, **values) -> None:
        """Move controls, as a person would; all of them or, after an error, none.

        Raises
        ------
        ValueError : an unknown name, or a value outside its declared range.
        """
        for name, value in values.items():
            if name not in self._ranges:
                raise ValueError(
                    f"the panel has no {name!r}; it has {', '.join(self._ranges)}"
                )
            self._ranges[name].check(name, value)
        for name, value in values.items():
            value = self._ranges[name].check(name, value)
            self._controls[name].value = value
