// Majority judgment (Balinski and Laraki 2007). Grades stand from best to worst; counts[i] voters gave grade i.
//
// A candidate's grade is the median, the lower of the two middle ones. Ties are broken as the method's definition has it:
// the median is taken away from both, and the next compared. With all grades in a row, best first, these medians are
// those at the middle, then alternately further out; every candidate has as many grades, so two candidates differ at
// the place nearest to the middle where their rows differ.

const total = (counts) => counts.reduce((sum, n) => sum + n, 0n);

// The grade at a place of the row, from 1.
function gradeAt(counts, place) {
  let sum = 0n;
  return counts.findIndex((n) => (sum += n) >= place);
}

// The place of the majority grade in `counts`; -1 without voters.
export const median = (counts) => gradeAt(counts, total(counts) / 2n + 1n);

// When a place's turn comes: the middle first, then alternately.
function turn(place, n) {
  const off = place - (n / 2n + 1n);
  if (n % 2n) return off > 0n ? 2n * off - 1n : -2n * off;
  return off >= 0n ? 2n * off : -2n * off - 1n;
}

// Negative where a stands before b; 0 where all their grades are the same.
export function byMajority(a, b) {
  const n = total(a), middle = n / 2n + 1n;
  let best = null;
  const ends = new Set();
  for (const counts of [a, b]) { let sum = 0n; for (const c of counts) ends.add((sum += c)); }
  let low = 1n;
  for (const high of [...ends].filter((e) => e > 0n && e <= n).sort((x, y) => (x < y ? -1 : 1))) {
    const place = high < middle ? high : low > middle ? low : middle, difference = gradeAt(a, place) - gradeAt(b, place);
    if (difference && (best === null || turn(place, n) < best.turn)) best = { turn: turn(place, n), difference };
    low = high + 1n;
  }
  return best?.difference ?? 0;
}
