"""Which tickers there are, and how much of the day's trading each carries."""

from __future__ import annotations

import numpy as np

INDEX_ETFS = ("SPY", "QQQ", "IWM")

ETFS = frozenset(
    """
    SPY IWM ARKK BIL BITO DIA EEM EFA EWZ FXI GDX GLD HYG IBIT IEF JEPI JNUG KRE LABU LQD MSTU NUGT
    SCHD SLV SOXL SOXS SPXL SPXS SQQQ TLT TQQQ TSLL TZA UNG USO UVXY VOO VTI VXX XBI XLE XLF XLK
    XLU XOP XRT YINN ZSL
    """.split()  # noqa: SIM905  (a column of quotes hides the tickers)
)

_KNOWN = tuple(
    """
    SPY QQQ IWM TSLA NVDA AAPL PLTR AMD INTC F BAC MSFT GOOGL META COIN HOOD UBER XLF WMT RIVN DIS
    LCID ORCL VZ KO JPM YINN ZM EEM AMZN SOXL SQQQ TQQQ SOFI NIO MARA SMCI MU T PFE C CVX BABA BA
    AVGO SNAP SLV GLD CSCO DAL EWZ FXI GM HYG IBIT JD KRE LUMN MSTR NFLX NKE OXY PYPL QCOM RIOT SHOP
    SBUX TLT TSLL UNG UVXY VOO V WFC XOM XBI XLE ZTS ARKK ABNB AFRM ADBE AAL BMY BBAI BITO CCL CRM
    CMCSA CAT DKNG DELL EFA ET ENPH FCX FSLR GE GS GME GDX HD HPE HAL IEF IONQ IBM JNJ JEPI KGC KHC
    KEY KMI LLY LOW LRCX LQD LABU MRVL MRK MCD MRNA MSTU NEM NU NOW NUGT ON OPEN O PANW PBR PG PINS
    QBTS QS RBLX RTX ROKU RKLB SCHD SCHW SLB SPXL SOXS SPXS SNOW TSM TGT TXN TZA U UAL UPST UNH USO
    VALE VTI VXX VST W WBD WULF WDC X XLK XLU XOP XRT XPEV XYZ YUM YPF ZS ZIM ZSL DIA DVN BIL BRK.B
    A L M P S
    """.split()  # noqa: SIM905  (same)
)
"""Well-known tickers, the most traded first."""

# fmt: off
_VOLUME_SHARES = {
    "A": 9.5, "B": 5.6, "C": 6.8, "D": 3.6, "E": 3.4, "F": 4.4, "G": 4.2, "H": 3.4, "I": 6.4,
    "J": 1.6, "K": 2.2, "L": 3.6, "M": 6.8, "N": 6.6, "O": 2.2, "P": 5.6, "Q": 4.6, "R": 3.4,
    "S": 12.9, "T": 7.8, "U": 3.0, "V": 3.2, "W": 2.4, "X": 2.2, "Y": 0.5, "Z": 0.3,
}
# fmt: on
"""Relative trading by first letter; S carries 43 times as much as Z."""

_CROWDING = 0.75
"""Busy letters have more tickers, but not in proportion: their tickers are busier, too."""

_ZIPF_EXPONENT, _ZIPF_SHIFT = 1.1, 2.0

_CONSONANTS = tuple("BCDFGHJKLMNPRSTVWXZ")
_LENGTHS = {2: 0.02, 3: 0.4, 4: 0.56, 5: 0.02}
"""Share of made-up tickers by length. Without vowels, so that they make no words."""


def tickers(n: int) -> dict[str, float]:
    """Return ``n`` tickers in alphabetical order and each one's share of the day's prints.

    They are always the same: one for each letter, the letters of the index ETFs first and then by
    trading, and beyond 26 all letters in proportion. Within a letter the shares fall as a
    Zipf-Mandelbrot law of the ticker's rank; the letters stand to each other as ``_VOLUME_SHARES``
    says. The shares sum to 1.
    """
    counts = _tickers_by_letter(n)
    traded = sum(_VOLUME_SHARES[letter] for letter in counts)
    shares: dict[str, float] = {}
    for letter, k in counts.items():
        falls = (np.arange(1, k + 1) + _ZIPF_SHIFT) ** -_ZIPF_EXPONENT
        of_letter = _VOLUME_SHARES[letter] / traded * falls / falls.sum()
        shares |= zip(_of_letter(letter, k), of_letter.tolist(), strict=True)
    return dict(sorted(shares.items()))


def _tickers_by_letter(n: int) -> dict[str, int]:
    index_letters = [symbol[0] for symbol in INDEX_ETFS]
    by_share = sorted(_VOLUME_SHARES, key=lambda letter: -_VOLUME_SHARES[letter])
    turn = [*index_letters, *(letter for letter in by_share if letter not in index_letters)][:n]
    crowds = np.array([_VOLUME_SHARES[letter] ** _CROWDING for letter in turn])
    exact = crowds / crowds.sum() * (n - len(turn))
    counts = exact.astype(np.int64)
    largest_rest = np.argsort(counts - exact, kind="stable")[: n - len(turn) - counts.sum()]
    counts[largest_rest] += 1
    return dict(zip(turn, (1 + counts).tolist(), strict=True))


def _of_letter(letter: str, n: int) -> list[str]:
    """Return the first ``n`` tickers of a letter, the most traded first: known, then made up."""
    found = dict.fromkeys(symbol for symbol in _KNOWN if symbol.startswith(letter))
    chance = np.random.default_rng(ord(letter))
    lengths, shares = zip(*_LENGTHS.items(), strict=True)
    while len(found) < n:
        length = chance.choice(lengths, p=shares)
        found["".join([letter, *chance.choice(_CONSONANTS, length - 1)])] = None
    return list(found)[:n]
