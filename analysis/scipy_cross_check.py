"""Recomputes the results of scipy_cross_check_test.cc with SciPy and NumPy, from a file of cases. Exits with 77 if they are
not installed.

Each case is an object with "kind", the inputs, and "ours"; a mismatch is printed with both results.
"""

import itertools
import json
import math
import sys

try:
    import numpy
    from scipy import optimize, stats
except ImportError as missing:
    print(f"skipped: {missing}; apt-get install python3-scipy")
    sys.exit(77)


def quantile_ranks(case):
    """Equal-tailed ranks by scipy's binomial: the smallest b with P(B <= b) above the tail is the lower one."""
    n, q, tail = case["n"], case["q"], (1 - case["confidence"]) / 2
    binomial = stats.binom(n, q)
    if case["exact"]:
        low = int(binomial.ppf(tail))
        high = int(binomial.isf(tail)) + 1
        # ppf and isf return the first value that reaches the tail. A value that just meets the tail is still outside.
        if binomial.cdf(low) <= tail * (1 + 1e-12):
            low += 1
        if binomial.sf(high - 2) <= tail * (1 + 1e-12):
            high -= 1
        return [low, high]
    reach = stats.norm.ppf(1 - tail) * math.sqrt(n * q * (1 - q))
    return [math.floor(n * q - reach), math.ceil(n * q + reach) + 1]


def rank_interval_coverage(case):
    low, high = case["ranks"]
    return stats.binom.cdf(high - 1, case["n"], case["q"]) - stats.binom.cdf(low - 1, case["n"], case["q"])


def walsh_interval(case):
    """By enumeration of all signs: P(T < low) <= tail, the largest such rank."""
    values = numpy.array(case["values"])
    n = len(values)
    averages = sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))
    signs = numpy.array(list(itertools.product([0, 1], repeat=n)))
    sums = numpy.sort(signs @ numpy.arange(1, n + 1))
    tail = (1 - case["confidence"]) / 2
    low = max((k for k in range(1, len(averages) + 1) if numpy.mean(sums < k) <= tail * (1 + 1e-9)), default=0)
    if low == 0:
        return [float(numpy.median(averages))]
    return [float(numpy.median(averages)), averages[low - 1], averages[-low]]


def shift(case):
    differences = numpy.sort(numpy.subtract.outer(case["b"], case["a"]).ravel())
    m, n = len(case["a"]), len(case["b"])
    tail = (1 - case["confidence"]) / 2
    # The distribution of U: rank sums of all ways to choose m of m + n.
    u = numpy.array([sum(c) for c in itertools.combinations(range(1, m + n + 1), m)]) - m * (m + 1) // 2
    low = max((k for k in range(1, m * n + 1) if numpy.mean(u < k) <= tail * (1 + 1e-9)), default=0)
    if low == 0:
        return [float(numpy.median(differences))]
    return [float(numpy.median(differences)), float(differences[low - 1]), float(differences[-low])]


def student_interval(case):
    values, confidence = case["values"], case["confidence"]
    mean = numpy.mean(values)
    return [float(mean), *map(float, stats.t.interval(confidence, len(values) - 1, mean, stats.sem(values)))]


def centre_of_pairs(case):
    """The standard error from the Wilcoxon interval, whose ranks and coverage follow from the distribution of the sum of
    signed ranks: by convolution up to 100 pairs, by the normal approximation above."""
    values = numpy.array(case["values"])
    n = len(values)
    averages = numpy.sort([(a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2)])
    centre = float(numpy.median(averages))
    deviation = float(numpy.std(values, ddof=1)) if n > 1 else 0
    if n < 6:
        return [centre, deviation, deviation / math.sqrt(n)]
    coverage = 0.95
    if n <= 100:
        distribution = numpy.ones(1)
        for rank in range(1, n + 1):
            longer = numpy.zeros(len(distribution) + rank)
            longer[: len(distribution)] += distribution / 2
            longer[rank:] += distribution / 2
            distribution = longer
        below = numpy.cumsum(distribution)
        low = int(numpy.searchsorted(below, 0.025 * (1 + 1e-9), side="right"))
        coverage = 1 - 2 * below[low - 1]
    else:
        mean, variance = n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24
        low = math.floor(mean - stats.norm.ppf(0.975) * math.sqrt(variance))
    length = averages[-low] - averages[low - 1]
    return [centre, deviation, float(length / 2 / stats.t.ppf((1 + coverage) / 2, n - 1))]


def variance_components(case):
    starts = numpy.array([start for start in case["starts"] if start[3] >= 2])
    if len(starts) == 0:
        return [-1, -1]
    centres, deviations, errors, pairs = starts.T
    within = math.sqrt(numpy.average(deviations**2, weights=pairs - 1))
    if len(starts) < 2:
        return [-1, within]
    return [math.sqrt(max(0, numpy.var(centres, ddof=1) - numpy.mean(errors**2))), within]


def adjusted_p_values(case):
    """From the definition: the smallest of p * n / rank over all tests that are no smaller."""
    values = numpy.array(case["values"])
    ranks = stats.rankdata(values, method="max")
    return [float(min(1, numpy.min((values * len(values) / ranks)[values >= p]))) for p in values]


def energy_distance(values, index, end):
    left, right = values[:index, None], values[index:end, None]
    within = [numpy.abs(side - side.T).sum() / (len(side) * (len(side) - 1)) for side in (left, right)]
    distance = 2 * numpy.mean(numpy.abs(left - right.T)) - sum(within)
    return float(distance * len(left) * len(right) / (len(left) + len(right)))


def energy_split(case):
    values, shortest = numpy.array(case["values"], dtype=float), case["min_segment"]
    return max(
        energy_distance(values, index, end)
        for index in range(shortest, len(values))
        for end in range(index + shortest, len(values) + 1)
    )


def scalability(case):
    levels, values = numpy.array(case["levels"]), numpy.array(case["values"])
    terms = numpy.stack([numpy.ones_like(levels), levels - 1, levels * (levels - 1)], axis=1)
    rows = terms * (values / levels)[:, None]
    scale = numpy.linalg.norm(rows, axis=0)
    solution = optimize.nnls(rows / scale, numpy.ones(len(levels)))[0] / scale
    return [float(x) for x in solution] if solution[0] > 0 else [0]


def knee(case):
    levels, values = numpy.array(case["levels"]), numpy.array(case["values"])
    chord = numpy.interp(levels, levels[[0, -1]], values[[0, -1]])
    distances = numpy.abs(values - chord) / numpy.ptp(values)
    return int(numpy.argmax(distances)) if numpy.max(distances) > 1 / (len(levels) - 1) else -1


CHECKS = {
    "centre_of_pairs": centre_of_pairs,
    "variance_components": variance_components,
    "adjusted_p_values": adjusted_p_values,
    "energy_distance": lambda case: energy_distance(
        numpy.array(case["values"], dtype=float), case["index"], case["end"]
    ),
    "energy_split": energy_split,
    "scalability": scalability,
    "knee": knee,
    "quantile_ranks": quantile_ranks,
    "rank_interval_coverage": rank_interval_coverage,
    "median": lambda case: float(numpy.median(case["values"])),
    "mean": lambda case: float(numpy.mean(case["values"])),
    "histogram_quantile": lambda case: float(numpy.quantile(case["values"], case["q"], method="inverted_cdf")),
    "normal_quantile": lambda case: float(stats.norm.ppf(case["p"])),
    "normal_cdf": lambda case: float(stats.norm.cdf(case["z"])),
    "chi_square_cdf": lambda case: float(stats.chi2.cdf(case["x"], case["degrees"])),
    "chi_square_quantile": lambda case: float(stats.chi2.ppf(case["p"], case["degrees"])),
    "student_cdf": lambda case: float(stats.t.cdf(case["t"], case["degrees"])),
    "student_quantile": lambda case: float(stats.t.ppf(case["p"], case["degrees"])),
    "student_interval": student_interval,
    "mann_whitney_exact": lambda case: float(stats.mannwhitneyu(case["a"], case["b"], method="exact").pvalue),
    "mann_whitney_normal": lambda case: float(stats.mannwhitneyu(case["a"], case["b"], method="asymptotic").pvalue),
    "walsh_interval": walsh_interval,
    "shift": shift,
}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    counts, wrong = {}, 0
    for case in cases:
        theirs = CHECKS[case["kind"]](case)
        counts[case["kind"]] = counts.get(case["kind"], 0) + 1
        relative, absolute = case.get("tolerance", 1e-9), 1e-12
        if numpy.shape(case["ours"]) != numpy.shape(theirs) or not numpy.allclose(
            case["ours"], theirs, rtol=relative, atol=absolute
        ):
            wrong += 1
            print(f"{json.dumps(case)}\n  SciPy: {theirs}")
    print(f"{len(cases)} cases, {wrong} wrong: {counts}")
    missing = set(CHECKS) - set(counts)
    if missing:
        print(f"never tried: {sorted(missing)}")
    sys.exit(1 if wrong or missing else 0)


main()
