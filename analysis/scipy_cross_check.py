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
    from scipy import stats
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


CHECKS = {
    "quantile_ranks": quantile_ranks,
    "rank_interval_coverage": rank_interval_coverage,
    "median": lambda case: float(numpy.median(case["values"])),
    "mean": lambda case: float(numpy.mean(case["values"])),
    "histogram_quantile": lambda case: float(numpy.quantile(case["values"], case["q"], method="inverted_cdf")),
    "normal_quantile": lambda case: float(stats.norm.ppf(case["p"])),
    "normal_cdf": lambda case: float(stats.norm.cdf(case["z"])),
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
