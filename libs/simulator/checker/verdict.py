"""What was found: counts by invariant, and the first few of each with the lines that show them."""

#: C1 to C11 as in the list of invariants, and two rules of the log that none of them holds: what is stored was its
#: sender's right when it was numbered (R5), and presence is by connection (R21).
INVARIANTS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "R5", "R21")


class Verdict:
    def __init__(self, shown_max=5):
        self.counts = {invariant: 0 for invariant in INVARIANTS}
        self.shown_max = shown_max
        self._shown = {invariant: [] for invariant in INVARIANTS}

    def violated(self, invariant, message, *lines):
        """`lines`: numbers of the lines that show it, the telling one first; None is left out."""
        self.counts[invariant] += 1
        shown = self._shown[invariant]
        if len(shown) < self.shown_max:
            numbers = [line for line in lines if line is not None]
            shown.append({"invariant": invariant, "message": message, "lines": numbers})

    @property
    def is_clean(self):
        return not any(self.counts.values())

    @property
    def shown(self):
        return [violation for invariant in INVARIANTS for violation in self._shown[invariant]]
