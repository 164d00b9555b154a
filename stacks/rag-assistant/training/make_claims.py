"""Makes claims.csv: invented claims with a rule behind them and some noise; same output every time."""

import csv
import random

HEADER = ("amount", "days_since_start", "earlier_claims", "injured", "urgent")


def main() -> None:
    """Write 300 rows."""
    draw = random.Random(7)
    with open("claims.csv", "w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for _ in range(300):
            amount = round(draw.lognormvariate(7.5, 1.1), 2)
            days, earlier = draw.randrange(1, 2000), min(draw.randrange(0, 9), draw.randrange(0, 9))
            injured = int(draw.random() < 0.15)
            score = 2.5 * injured + amount / 6000 + (days < 60) + 0.2 * earlier + draw.gauss(0, 0.35)
            writer.writerow((amount, days, earlier, injured, int(score > 1.6)))


if __name__ == "__main__":
    main()
