/**
 * Returns the known name that `found` was most likely meant to be, or undefined if none comes close: at most two of
 * five letters may differ. Case and underscores do not count. If several are equally near, it is the first of them.
 */
export function nearest(found: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.floor(found.length * 0.4) + 1
  for (const name of known) {
    const distance = editDistance(plain(found), plain(name))
    if (distance >= least) continue
    least = distance
    best = name
  }
  return best
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}

/** Counts the letters to insert, delete, replace or swap (Damerau-Levenshtein, optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped))
    }
  }
  return at(a.length, b.length)
}
